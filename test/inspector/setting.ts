import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import type { FastifySseOptions } from '../../lib/index.js'
import type { overview } from '../../lib/inspector/events.js'
import { inspector, type InspectorOptions } from '../../lib/inspector/inspector.js'
import type { EventSchemas, EventStream } from '../../types/event.js'
import type { ReceivedEvents } from '../../types/client.js'
import { counts } from '../channels/streams.js'
import { loadedApp, type TestApp } from '../helpers/app.js'

export const PREFIX = '/_sse'

/** Lets everybody pass. */
export const everybody = async (): Promise<void> => {}

export const JSON_TYPE = { 'content-type': 'application/json' }

/** A server with an inspector, a stream that a client can hold open, and a channel. */
export async function inspected (
  t: Test, options: Partial<InspectorOptions> = { authorize: everybody }, sse: FastifySseOptions = {}, server: FastifyServerOptions = {}
): Promise<TestApp & { channel: ReturnType<typeof openChannel> }> {
  const loaded = await loadedApp(t, sse, server)
  await loaded.app.register(inspector, { prefix: PREFIX, ...options })
  const channel = openChannel(loaded.app)
  loaded.app.get('/counts/:name', { schema: { response: { 200: counts } } }, request => channel.subscribe(request))
  return { ...loaded, channel }
}

function openChannel (app: FastifyInstance) {
  return app.sse.channel('counts', counts)
}

type Events<Stream> = Stream extends EventStream<infer Schemas extends EventSchemas, infer Final> ? ReceivedEvents<{ schemas: Schemas, final: readonly Final[] }> : never
type Overview = Events<typeof overview>
export type Now = Extract<Overview, { event: 'now' }>['data']

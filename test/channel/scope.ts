import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { memoryBroker } from '../../lib/brokers/memory.js'
import type { Channel } from '../../lib/channel/channel.js'
import type { ChannelScope } from '../../lib/channel/channel-scope.js'
import { Channels } from '../../lib/channel/channels.js'
import { PageReads } from '../../lib/channel/page-reads.js'
import { PositionTimer } from '../../lib/channel/position-timer.js'
import { compileStream } from '../../lib/schema/codec.js'
import { payloadCompiler } from '../../lib/schema/compile.js'
import { eventStream } from '../../lib/schema/event-stream.js'
import type { Carrier } from '../../lib/stream/carrier.js'
import type { ChannelOptions } from '../../types/channel.js'
import type { EventStream } from '../../types/event.js'
import { memoLogger } from './fixtures.js'

/** The events that the channels of {@link channelScope} have. */
export const notes = eventStream({ note: Type.Number() }) as unknown as EventStream

export const note = (data: unknown) => ({ event: 'note', data })

/** What channels need of an app, on the memory broker. The test closes them. */
export function channelScope (t: Test, options: Partial<ChannelScope> = {}) {
  const { log, lines } = memoLogger()
  const compiled: string[] = []
  /** The answers to requests. */
  const carriers = new Map<object, Carrier>()
  const timer = new PositionTimer(1_000)
  const scope: ChannelScope = {
    app: { server: {} } as FastifyInstance,
    log,
    broker: memoryBroker(),
    reads: new PageReads(4, Infinity),
    compile: (stream, channel) => {
      compiled.push(channel)
      return compileStream(stream, payloadCompiler({ sharedSchemas: {}, validate: true }), channel)
    },
    owners: { carrierOf: request => carriers.get(request), maxBufferedBytes: 1_000_000, timer },
    ...options
  }
  const channels = new Channels()
  t.teardown(async () => await channels.close())
  const open = (name: string, options?: ChannelOptions): Channel => channels.open(name, notes, options, scope, false)
  return { scope, channels, open, lines, compiled, carriers, timer }
}

/** Takes the next events of an iterator. */
export async function take (events: AsyncIterator<unknown>, count: number): Promise<Array<Record<string, unknown>>> {
  const taken = []
  for (let i = 0; i < count; i++) {
    const { done, value } = await events.next()
    taken.push(done === true ? { done } : value as Record<string, unknown>)
  }
  return taken
}

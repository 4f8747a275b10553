import { channel } from 'node:diagnostics_channel'
import type { FastifyRequest } from 'fastify'
import type { StreamOptions } from '../../types/options.js'
import type { CloseRecord, StreamCloseMessage, StreamOpenMessage } from '../../types/sink.js'
import type { StreamFirstEventMessage } from '../../types/telemetry.js'
import { logError } from '../log-error.js'
import type { Counted } from '../telemetry/route-tally.js'
import type { StreamRoute } from './stream-route.js'

/** Whose beginning and end are made known. */
export interface Announced extends Counted {
  readonly request: FastifyRequest
  readonly route: Pick<StreamRoute, 'name' | 'options' | 'tally'>
  /** The id that the client came back with, if it did. */
  readonly lastEventId: string | undefined
  /** Runs in the async context of the request. */
  inContext: <T>(run: () => T) => T
}

const opened = channel('fastify-typed-sse:stream:open')
const begun = channel('fastify-typed-sse:stream:first-event')
const closed = channel('fastify-typed-sse:stream:close')

/** The response of a stream begins. */
export function announceOpen (stream: Announced): void {
  const { request, route } = stream
  route.tally.open(stream, stream.lastEventId !== undefined)
  if (opened.hasSubscribers) stream.inContext(() => { opened.publish({ request, route: route.name } satisfies StreamOpenMessage) })
}

/** A stream has its first event. */
export function announceFirstEvent (stream: Announced, seconds: number): void {
  const { request, route } = stream
  route.tally.timeToFirstEvent.observe(seconds)
  if (begun.hasSubscribers) stream.inContext(() => { begun.publish({ request, route: route.name, seconds } satisfies StreamFirstEventMessage) })
}

/** A stream is over. One line in the log tells how, and nothing but this does for a client that has left. */
export function announceClose (stream: Announced, record: CloseRecord): void {
  const { request, route: { options: { closeLogLevel, onClose }, tally } } = stream
  tally.close(stream, record)
  const level = closeLogLevel[record.reason]
  stream.inContext(() => {
    if (closed.hasSubscribers) closed.publish({ request, record } satisfies StreamCloseMessage)
    if (onClose !== undefined) void callOnClose(onClose, request, record)
    if (level !== 'silent') request.log[level]({ stream: record }, 'event stream closed')
  })
}

async function callOnClose (onClose: NonNullable<StreamOptions['onClose']>, request: FastifyRequest, record: CloseRecord): Promise<void> {
  try {
    // It may be async all the same, and an unhandled rejection ends the process.
    await onClose(record, request)
  } catch (err) {
    logError(request.log, 'error', err, 'onClose failed')
  }
}

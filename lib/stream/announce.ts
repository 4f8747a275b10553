import { channel } from 'node:diagnostics_channel'
import type { FastifyRequest } from 'fastify'
import type { CloseRecord, StreamCloseMessage, StreamOpenMessage } from '../../types/sink.js'
import { logError } from '../log-error.js'
import type { StreamRoute } from './stream-route.js'

/** Whose beginning and end are made known. */
export interface Announced {
  readonly request: FastifyRequest
  readonly route: Pick<StreamRoute, 'name' | 'options'>
  /** Runs in the async context of the request. */
  inContext: <T>(run: () => T) => T
}

const opened = channel('fastify-typed-sse:stream:open')
const closed = channel('fastify-typed-sse:stream:close')

/** The response of a stream begins. */
export function announceOpen ({ request, route }: Announced): void {
  if (opened.hasSubscribers) opened.publish({ request, route: route.name } satisfies StreamOpenMessage)
}

/** A stream is over: one line in the log tells how, and nothing but this does for a client that has left. */
export function announceClose (stream: Announced, record: CloseRecord): void {
  const { request, route: { options: { closeLogLevel } } } = stream
  const level = closeLogLevel[record.reason]
  if (level !== 'silent') request.log[level]({ stream: record }, 'event stream closed')
  if (closed.hasSubscribers) closed.publish({ request, record } satisfies StreamCloseMessage)
  if (stream.route.options.onClose !== undefined) void callOnClose(stream, record)
}

async function callOnClose (stream: Announced, record: CloseRecord): Promise<void> {
  const { request, route: { options: { onClose } } } = stream
  try {
    // It may be async all the same, and an unhandled rejection ends the process.
    await stream.inContext(() => onClose?.(record, request))
  } catch (err) {
    logError(request.log, 'error', err, 'onClose failed')
  }
}

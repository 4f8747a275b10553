import { channel } from 'node:diagnostics_channel'
import type { FastifyRequest } from 'fastify'
import type { StreamOptions } from '../../types/options.js'
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
export function announceOpen (stream: Announced): void {
  const { request, route: { name: route } } = stream
  if (opened.hasSubscribers) stream.inContext(() => { opened.publish({ request, route } satisfies StreamOpenMessage) })
}

/** A stream is over. One line in the log tells how, and nothing but this does for a client that has left. */
export function announceClose (stream: Announced, record: CloseRecord): void {
  const { request, route: { options: { closeLogLevel, onClose } } } = stream
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

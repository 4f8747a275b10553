import type { ClientStream, DeclaredStream, SharedConnectOptions } from '../../types/client.js'
import { checkOptions } from './check-options.js'
import { Client } from './client.js'
import { connect } from './connect.js'
import { EventStreamError } from './event-stream-error.js'
import { type Locks, share } from './shared/share.js'

export type * from '../../types/client.js'
export { type Answer, EventStreamError } from './event-stream-error.js'

interface Browser {
  location?: unknown
  navigator?: { locks?: Locks }
  BroadcastChannel?: unknown
}

/**
 * The same as `connect()`, for streams that are asked for by GET, but the pages of an origin have one connection for all of
 * them: browsers allow six at a time to a server without HTTP/2. When the page closes that has it, another takes over and
 * goes on from the last event.
 *
 * It takes Web Locks and BroadcastChannel, which all browsers have in secure contexts. Where they are missing, and outside
 * of browsers, each has a connection of its own. Pages share where their events have ids, as those of channels do.
 *
 * @throws EventStreamError FST_ERR_SSE_CLIENT_OPTION
 * @example
 * const stream = connectShared<typeof notices>('/notices', { name: user.id })
 */
export function connectShared<Stream extends DeclaredStream = DeclaredStream> (
  url: string | URL, options: SharedConnectOptions<Stream>
): ClientStream<Stream> {
  const { name, ...others } = options
  const checked = checkOptions(url, others as unknown as SharedConnectOptions)
  if (typeof name !== 'string') throw new EventStreamError('OPTION', `name can't be '${String(name)}'`)
  if (checked.method !== 'GET' || !checked.reconnect) {
    throw new EventStreamError('OPTION', `what is shared has to be asked for by GET, and again; not by ${checked.method}, nor with reconnect: false`)
  }
  const { location, navigator, BroadcastChannel } = globalThis as Browser
  const locks = navigator?.locks
  // Node.js has both from 24 on, but no origin: what shares a process there may be of different users.
  if (location === undefined || locks === undefined || BroadcastChannel === undefined) return connect(url, others)
  // The number is that of what the pages tell each other: those of another version of the app may be open too.
  const shared = `fastify-typed-sse 1 ${JSON.stringify([name, checked.url])}`
  return new Client(port => share(shared, locks, checked, port), checked) as unknown as ClientStream<Stream>
}

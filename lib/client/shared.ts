import type { ClientStream, DeclaredStream, SharedConnectOptions } from '../../types/client.js'
import { checkOptions } from './check-options.js'
import { Client } from './client.js'
import { connect } from './connect.js'
import { type Locks, share } from './shared/share.js'

export type * from '../../types/client.js'
export { type Answer, EventStreamError } from './event-stream-error.js'

/**
 * The same as `connect()`, but the pages of an origin have one connection for all of them: browsers allow six at a time
 * to a server without HTTP/2. When the page closes that has it, another takes over and goes on from the last event.
 *
 * It takes Web Locks and BroadcastChannel, which all browsers have in secure contexts; where they are missing, each page
 * has a connection of its own. So that nothing is lost or doubled, the events need ids, as those of channels have.
 *
 * @throws EventStreamError FST_ERR_SSE_CLIENT_OPTION
 * @example
 * const stream = connectShared<typeof notices>('/notices', { name: user.id })
 */
export function connectShared<Stream extends DeclaredStream = DeclaredStream> (
  url: string | URL, options: SharedConnectOptions<Stream> = {}
): ClientStream<Stream> {
  const checked = checkOptions(url, options as unknown as SharedConnectOptions)
  const { navigator, BroadcastChannel } = globalThis as { navigator?: { locks?: Locks }, BroadcastChannel?: unknown }
  const locks = navigator?.locks
  if (locks === undefined || BroadcastChannel === undefined) return connect(url, options)
  // The number is that of what the pages tell each other: those of another version of the app may be open too.
  const name = `fastify-typed-sse 1 ${options.name ?? ''} ${checked.method} ${checked.url}`
  return new Client(port => share(name, locks, checked, port), checked) as unknown as ClientStream<Stream>
}

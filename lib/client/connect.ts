import type { ClientStream, ConnectOptions, DeclaredStream } from '../../types/client.js'
import { checkOptions } from './check-options.js'
import { Client } from './client.js'
import { follow } from './follow.js'

export type * from '../../types/client.js'
export { type Answer, EventStreamError } from './event-stream-error.js'

/**
 * Opens an event stream and keeps it open: connects again when the connection breaks, and goes on from the last event.
 * For browsers, Node.js and whatever else has `fetch`.
 *
 * Typed by the stream that the server declares, which is imported as a type alone: nothing of the server gets into the
 * page.
 *
 * @param url Absolute; in a browser also relative to the page.
 * @throws EventStreamError FST_ERR_SSE_CLIENT_OPTION
 * @example
 * import { connect } from 'fastify-typed-sse/client'
 * import type { prices } from './server.js'
 *
 * for await (const event of connect<typeof prices>('/prices/ACME')) {
 *   if (event.event === 'price') console.log(event.data.value)
 * }
 */
export function connect<Stream extends DeclaredStream = DeclaredStream> (
  url: string | URL, options: ConnectOptions<Stream> = {}
): ClientStream<Stream> {
  const checked = checkOptions(url, options as unknown as ConnectOptions)
  return new Client(port => follow(checked, port), checked) as unknown as ClientStream<Stream>
}

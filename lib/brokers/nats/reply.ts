/** Who has sent a message of a stream, and which one it is. */
export interface Origin {
  readonly consumer: string
  readonly seq: number
}

/**
 * Reads what JetStream writes in the place of a reply: `$JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.…`, or
 * with a domain and an account before the stream.
 *
 * @see https://docs.nats.io/reference/reference-protocols/nats_api_reference
 */
export function originOf (reply = ''): Origin {
  const tokens = reply.split('.')
  const first = tokens.length > 9 ? 4 : 2
  return { consumer: tokens[first + 1] ?? '', seq: Number(tokens[first + 3]) }
}

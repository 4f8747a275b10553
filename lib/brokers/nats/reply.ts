import type { Msg } from '@nats-io/nats-core'
import { Away, Refusal } from './trouble.js'

/** What a server says for whoever is not there, as an error of JetStream too. */
const NO_RESPONDERS = 503

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

/** The answer of JetStream in a message. @throws Away or a Refusal */
export function resultOf (message: Msg): unknown {
  if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) throw new Away('JetStream is not there')
  const result = message.json<{ error?: { code: number, err_code?: number, description?: string } }>()
  const { error } = result
  if (error === undefined) return result
  const description = error.description ?? `error ${error.code}`
  if (error.code === NO_RESPONDERS) throw new Away(description)
  throw new Refusal(description, error.err_code)
}

import type { EventStreamErrorCode } from '../../types/client.js'

/** What the server has answered instead of a stream. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Its beginning: 16 Ki characters, and what came in one piece with them. */
  readonly body: string
}

/** Why a client's stream has failed, or an attempt of it. Decide by `code`; messages may change. */
export class EventStreamError extends Error {
  override readonly name = 'EventStreamError'
  readonly code: EventStreamErrorCode
  /** Where the server has answered with something else than a stream. */
  readonly answer: Answer | undefined

  /** @param problem the code without its prefix, which is said once for the sake of what a page loads */
  constructor (problem: EventStreamErrorCode extends `FST_ERR_SSE_CLIENT_${infer Problem}` ? Problem : never, message: string, cause?: unknown, answer?: Answer) {
    super(message, { cause })
    this.code = `FST_ERR_SSE_CLIENT_${problem}`
    this.answer = answer
  }
}

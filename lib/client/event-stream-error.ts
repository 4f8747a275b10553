import type { EventStreamErrorCode } from '../../types/client.js'

/** What the server has answered instead of a stream. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** The first 16 KiB of it, as text. */
  readonly body: string
}

/** Why a client's stream has failed, or why an attempt of it did. Decide by `code`; messages may change. */
export class EventStreamError extends Error {
  override readonly name = 'EventStreamError'
  readonly code: EventStreamErrorCode
  /** What the server has answered, where it was that. */
  readonly answer: Answer | undefined

  constructor (code: EventStreamErrorCode, message: string, { cause, answer }: { cause?: unknown, answer?: Answer } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.answer = answer
  }
}

import { FST_ERR_SSE_BROKER_FAILED } from '../../errors.js'
import { withCause } from '../../with-cause.js'

/** The engine is out of reach, or not ready: it may be asked again. */
export class Away extends Error {}

/** The connection was lost before the answer. */
export class Lost extends Away {
  constructor () {
    super('the connection to NATS was lost')
  }
}

/** The connection was closed for good. */
export class Gone extends Error {
  constructor () {
    super('the connection to NATS is closed')
  }
}

/** The engine answered with an error. */
export class Refusal extends Error {
  /** As in https://github.com/nats-io/nats-server/blob/main/server/errors.json; 0 where it has none. */
  readonly code: number

  constructor (description: string, code = 0) {
    super(description)
    this.code = code
  }
}

export const NO_MESSAGE = 10037
export const NAME_IN_USE = 10058
export const NO_STREAM = 10059
export const WRONG_LAST_SEQUENCE = 10071

export function isRefusal (error: unknown, code: number): boolean {
  return error instanceof Refusal && error.code === code
}

/** What a caller is told who need not try again. */
export function failed (channel: string, error: unknown): Error {
  return FST_ERR_SSE_BROKER_FAILED(channel, (error as Error).message, ...withCause(error))
}

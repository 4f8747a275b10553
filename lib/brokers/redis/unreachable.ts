/** The server did not answer. */
export class Unreachable extends Error {
  /** Whether it may have done what it was asked to. */
  readonly wasSent: boolean

  constructor (wasSent: boolean, cause: unknown) {
    super('the Redis server did not answer', { cause })
    this.wasSent = wasSent
  }
}

/** What a server answers that can't do its work just now, and has not begun it. */
const NOT_NOW = new Set(['LOADING', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN', 'NOREPLICAS', 'BUSY', 'UNBLOCKED', 'MOVED', 'ASK'])

/**
 * The first word of an error that a server has answered with, which is its code.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
 */
export function replyCode (error: unknown): string | undefined {
  const message = `${(error as Partial<Error> | undefined)?.message} `
  // Redis 6 puts what a command in a script is answered into an error of the script.
  return (/^ERR Error running script .*: -([A-Z]{2,}) /s.exec(message) ?? /^-?([A-Z]{2,}) /.exec(message))?.[1]
}

/** What this error of a client says: that the server was not reached, or else what it answered. */
export function toUnreachable (error: unknown): unknown {
  const code = replyCode(error)
  if (code === undefined) return new Unreachable(true, error)
  return NOT_NOW.has(code) ? new Unreachable(false, error) : error
}

import { EventStreamError } from '../event-stream-error.js'

/** An error in a form that can be told to another page. */
export interface SentError {
  readonly problem: ConstructorParameters<typeof EventStreamError>[0]
  readonly message: string
  readonly answer: { readonly status: number, readonly headers: ReadonlyArray<[string, string]>, readonly body: string } | undefined
}

/** Its cause is left out: it may be anything. */
export function sendError ({ code, message, answer }: EventStreamError): SentError {
  const problem = code.replace('FST_ERR_SSE_CLIENT_', '') as SentError['problem']
  return { problem, message, answer: answer && { ...answer, headers: [...answer.headers] } }
}

export function receiveError ({ problem, message, answer }: SentError): EventStreamError {
  return new EventStreamError(problem, message, undefined, answer && { ...answer, headers: new Headers(answer.headers as Array<[string, string]>) })
}

import type { ClientState, ReceivedEvent } from '../../../types/client.js'
import type { SentError } from './sent-error.js'

/** Where the one who has the connection stands. */
export interface Standing {
  /** Who it is: a later one has a higher number. */
  readonly term: number
  /** How many events it has handed on. */
  readonly count: number
  /** The id from which it would go on. */
  readonly position: string | undefined
  /** Whether the last event had that id. Else others have followed it, as those of a snapshot do, and it says no exact place. */
  readonly isMarked: boolean
  readonly state: ClientState
  /** Why it waits, where it does. */
  readonly error: SentError | undefined
}

/** What the pages that share a stream tell each other. */
export type Message =
  /** Who leads? Answered by a `standing`. */
  | { readonly type: 'hello' }
  | { readonly type: 'standing', readonly standing: Standing }
  /** An event, and the standing after it. */
  | { readonly type: 'event', readonly standing: Standing, readonly event: ReceivedEvent }
  /** The server has said that the stream is complete. */
  | { readonly type: 'complete', readonly standing: Standing }

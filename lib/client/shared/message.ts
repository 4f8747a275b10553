import type { ClientState, ReceivedEvent } from '../../../types/client.js'

/** Where the one who has the connection stands. */
export interface Standing {
  /** Who it is: another for every time that somebody takes over. */
  readonly leader: string
  /** How many events it has handed on. */
  readonly count: number
  /** The id from which it would go on. */
  readonly position: string | undefined
  readonly state: ClientState
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

import { randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { ServerStream } from '../../types/channel.js'

/** What is listed of a stream is read from here, when somebody reads it. */
export interface Listed {
  readonly request: FastifyRequest
  readonly route: { readonly name: string }
  readonly events: number
  readonly bytes: number
  readonly queuedBytes: number
  readonly gaps: number
  /** The id that the client came back with, if it did. */
  readonly lastEventId: string | undefined
  readonly ending: { readonly elapsedMs: number }
  endFor: (reason: 'expired') => void
}

/** So that an id from before a restart, or of another instance, is nobody's here. */
const PROCESS = randomBytes(6).toString('base64url')

/** Made when they are first listed: streams that nobody lists have none. */
const listed = new WeakMap<Listed, ServerStream>()

let count = 0

/** A stream as `app.sse.streams()` lists it: the same object each time. */
export function listedStream (stream: Listed): ServerStream {
  let view = listed.get(stream)
  if (view === undefined) listed.set(stream, view = new ListedStream(stream))
  return view
}

class ListedStream implements ServerStream {
  readonly id = `${PROCESS}.${++count}`
  readonly openedAt: Date
  readonly #stream: Listed

  constructor (stream: Listed) {
    this.openedAt = new Date(Date.now() - stream.ending.elapsedMs)
    this.#stream = stream
  }

  get route (): string {
    return this.#stream.route.name
  }

  get request (): FastifyRequest {
    return this.#stream.request
  }

  get events (): number {
    return this.#stream.events
  }

  get bytes (): number {
    return this.#stream.bytes
  }

  get queuedBytes (): number {
    return this.#stream.queuedBytes
  }

  get resumedFrom (): string | undefined {
    return this.#stream.lastEventId
  }

  get gaps (): number {
    return this.#stream.gaps
  }

  close (): void {
    this.#stream.endFor('expired')
  }
}

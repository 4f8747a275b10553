import type { ReceivedEvent } from '../../../types/client.js'
import type { Port } from '../client.js'
import type { Leader } from './leader.js'
import type { Message, Standing } from './message.js'
import { receiveError } from './sent-error.js'

/** Events that may wait for a page that reads slowly. Beyond that it goes on by a connection of its own, at its own pace. */
const MAX_WAITING = 1_000

/** Events that a page with a connection of its own remembers of those that the others got, to find its place among them. */
const MAX_RECENT = 256

/** How long somebody has to answer the question who leads. */
const ANSWER_MS = 1_000

const MAX_TIMER_MS = 2 ** 31 - 1

/** What was heard of the one who leads. */
type Heard = Extract<Message, { type: 'event' }>

/**
 * One of the pages that share a stream.
 *
 * It is attached when it stands where the leader does: then it takes every event that the leader hands on. Whenever it
 * can't be sure of that, it is detached: it goes on from its last event by a connection of its own, until it has come to
 * a place where the leader has been too.
 */
export class Member {
  /** `joining` until it is known whether somebody leads. */
  mode: 'joining' | 'attached' | 'detached' = 'joining'
  /** The stream is complete, after what waits. */
  isComplete = false
  /** This page has led, and the server refused it. */
  error: unknown
  /** Set while this page leads. */
  leader: Leader | undefined
  readonly #port: Port
  readonly #send: (message: Message) => void
  readonly #waiting: Heard[] = []
  #recent: Heard[] = []
  #standing: Standing | undefined
  /** Whether the last event that it has got had an id. */
  #isMarked = true
  #isSilent = false
  #detached = new AbortController()
  #wake: (() => void) | undefined

  constructor (port: Port, staleAfterMs: number, send: (message: Message) => void) {
    this.#port = port
    this.#send = send
    send({ type: 'hello' })
    const answer = setTimeout(() => { if (this.mode === 'joining') this.detach() }, ANSWER_MS)
    const silence = staleAfterMs < MAX_TIMER_MS ? setInterval(() => { this.#listen() }, staleAfterMs / 2) : undefined
    port.signal.addEventListener('abort', () => {
      clearTimeout(answer)
      clearInterval(silence)
      this.#detached.abort()
      this.#wake?.()
    })
  }

  /** Aborts when the page is attached again, or closed. */
  get detached (): AbortSignal {
    return this.#detached.signal
  }

  /** The id from which it would go on. */
  get position (): string | undefined {
    const newest = this.#waiting.at(-1)
    return newest === undefined ? this.#port.lastEventId : newest.standing.position
  }

  /** The highest term that it has heard of. */
  get term (): number {
    return this.#standing?.term ?? 0
  }

  /** The next event that came by the leader. */
  take (): ReceivedEvent | undefined {
    const heard = this.#waiting.shift()
    if (heard !== undefined) this.#port.lastEventId = heard.standing.position
    return heard?.event
  }

  /** Resolves when there is something to do. */
  async change (): Promise<void> {
    await new Promise<void>(resolve => { this.#wake = resolve })
  }

  /** Notes where the page is after an event that came by a connection of its own. */
  pass (event: ReceivedEvent, position: string | undefined): void {
    this.#port.lastEventId = position
    this.#isMarked = Boolean(event.id)
  }

  /** Ends what this page does when it is told that it has failed. */
  fail (error: unknown): void {
    this.error = error
    this.#wake?.()
  }

  receive (message: Message): void {
    if (message.type === 'hello') {
      this.leader?.announce()
      return
    }
    const { standing } = message
    const before = this.#standing
    // The last words of one who has led before may arrive late.
    if (standing.term < this.term) return
    this.#isSilent = false
    this.#standing = standing
    const expected = message.type === 'event' ? standing.count - 1 : standing.count
    if (before?.term !== standing.term) this.#meet(message)
    else if (before.count === expected) this.#keep(message)
    else if (before.count < expected) this.#lose()
    if (this.mode === 'attached') this.#tellState(standing)
    this.#wake?.()
  }

  /** Attaches where it stands now, if the leader has been there too. */
  settle (): void {
    const place = this.#place
    if (place === undefined) return
    const index = this.#recent.findIndex(({ standing }) => standing.isMarked && standing.position === place)
    if (this.#standing?.isMarked === true && this.#standing.position === place) this.#attach([])
    else if (index !== -1) this.#attach(this.#recent.slice(index + 1))
  }

  /** Goes on by a connection of its own. */
  detach (): void {
    if (this.mode === 'detached') return
    this.mode = 'detached'
    this.#detached = new AbortController()
    this.#wake?.()
  }

  /** The id that says exactly where it stands; undefined after events without one. */
  get #place (): string | undefined {
    return this.#isMarked ? this.position : undefined
  }

  /** Somebody else leads, or it is known for the first time who does. */
  #meet (message: Exclude<Message, { type: 'hello' }>): void {
    const { count, position, isMarked } = message.standing
    this.#recent = []
    // Who begins goes on from its position, and so would this page. Later on, only an id says that both are at the same place.
    if (count === 0 ? position === this.position : isMarked && position === this.#place) {
      this.#attach([])
    } else {
      this.detach()
      if (message.type === 'event') this.#recent.push(message)
    }
  }

  #keep (message: Exclude<Message, { type: 'hello' }>): void {
    if (message.type === 'complete') {
      this.isComplete = this.mode === 'attached'
    } else if (message.type === 'event') {
      if (this.mode === 'attached') {
        this.#hear(message)
        if (this.#waiting.length > MAX_WAITING) this.#lose()
      } else {
        this.#recent.push(message)
        if (this.#recent.length > MAX_RECENT) this.#recent.shift()
        this.settle()
      }
    }
  }

  #attach (waiting: readonly Heard[]): void {
    this.mode = 'attached'
    this.#detached.abort()
    for (const heard of waiting) this.#hear(heard)
    this.#recent = []
    if (this.#standing !== undefined) this.#tellState(this.#standing)
  }

  #hear (heard: Heard): void {
    this.#waiting.push(heard)
    this.#isMarked = heard.standing.isMarked
  }

  /** Some events are not to be had from the leader: all that were not read yet come by a connection of its own. */
  #lose (): void {
    this.#waiting.length = 0
    this.#isMarked = false // of what was read last it is not known
    this.#recent = []
    this.detach()
  }

  #tellState ({ state, error }: Standing): void {
    this.#port.setState(state, error && receiveError(error))
  }

  /** Asks for a sign of life, and does without the leader if none came since it asked. */
  #listen (): void {
    if (this.leader !== undefined || this.mode !== 'attached') return
    if (this.#isSilent) this.detach()
    this.#isSilent = true
    this.#send({ type: 'hello' })
  }
}

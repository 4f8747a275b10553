import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CloseRecord } from '../../../types/sink.js'
import type { Reply, Seen } from './answers.js'
import type { Asked, Said } from './schedule.js'
import { type Item, Source } from './source.js'

/** What was handed to a sink, and what came of it. */
export interface Sent { n: number | undefined, outcome: 'pending' | 'room' | 'left' | 'refused' }

/** An event that has come to a client. */
export interface Got { source: number, n: number, size: number, isFinal: boolean, id: string | undefined }

const PADDING = { event: 0, large: 9_000, huge: 70_000 }

/** One request, what its handler does, and all that is known of it afterwards. */
export class Visit {
  readonly asked: Asked
  isOpen = false
  /** Whether its request was sent. */
  wasAsked = false
  /** Whether its answer has to wait for another one. */
  isBehind = false
  /** How many events the channel had then. */
  publishedBefore = 0
  /** How often its handler was called. */
  handled = 0
  /** The answer has begun, as the diagnostics channel says. */
  opens = 0
  readonly records: CloseRecord[] = []
  /** What was logged of its end. */
  readonly logged: CloseRecord[] = []
  closed: CloseRecord | undefined
  aborts = 0
  signal: AbortSignal | undefined
  /** What carries its stream, and whatever else it was given to send. */
  readonly sources: Source[]
  readonly sent: Sent[] = []
  /** Of sendAll(): undefined while it goes on. */
  readonly sentAll: Array<{ outcome: 'pending' | 'ended' | 'failed' }> = []
  /** Whether its source was told to end, or has said a final event. */
  mayComplete = false
  /** Whether anything was done that may fail it. */
  mayFail = false
  /** The id that it came back with. */
  resumedFrom: string | undefined
  /** What its client has got. */
  reply: Reply | undefined
  seen: Seen[] = []
  rest = ''
  #sink: FastifyReply['sse'] | undefined
  #said = 0
  readonly #waiting: Array<() => void> = []

  constructor (asked: Asked) {
    this.asked = asked
    this.sources = [new Source(asked.temper)]
  }

  get isPushed (): boolean {
    return this.asked.kind === 'sink' || this.asked.kind === 'push'
  }

  get carrying (): Source {
    return this.sources[0] as Source
  }

  /** The numbers of all events that may have been sent, of each source. */
  get given (): number[][] {
    const sent = this.sent.filter(({ outcome, n }) => outcome !== 'refused' && n !== undefined).map(({ n }) => n as number)
    return this.sources.map(({ gave }, source) => source === 0 && this.isPushed ? sent : gave)
  }

  /** Those that a source was asked to follow by another, so that they have been taken. */
  get taken (): number {
    return this.sources.reduce((sum, { gave, isOver, pendingNexts }, source) => {
      if (source === 0 && this.isPushed) return sum + this.sent.filter(({ outcome, n }) => outcome === 'room' && n !== undefined).length
      return sum + gave.length - (isOver || pendingNexts > 0 || gave.length === 0 ? 0 : 1)
    }, 0)
  }

  /** The events that its client has got. */
  get events (): Got[] {
    return this.seen.flatMap(seen => {
      if (!('event' in seen) || seen.event.startsWith('stream-')) return []
      const { s, n, pad } = JSON.parse(seen.data) as { s: number, n: number, pad: string }
      return [{ source: s, n, size: pad.length, isFinal: seen.event === 'done', id: seen.id }]
    })
  }

  /** The id that its client would come back with. */
  get lastEventId (): string | undefined {
    return this.seen.reduce<string | undefined>((last, seen) => ('event' in seen ? seen.id : undefined) ?? last, undefined)
  }

  get numbers (): number[] {
    return this.events.map(({ n }) => n)
  }

  handle (request: FastifyRequest, reply: FastifyReply): unknown {
    this.handled++
    const { kind } = this.asked
    if (kind === 'plain') return { plain: true }
    if (kind === 'broken') throw Object.assign(new Error('broken by the schedule'), { statusCode: 418 })
    const { sse } = reply
    this.#listen(sse)
    if (!this.isPushed) return this.carrying.iterable
    this.#sink = sse
    for (const run of this.#waiting.splice(0)) run()
    return sse
  }

  #listen (sse: FastifyReply['sse']): void {
    const { signal } = sse
    this.signal = signal
    if (signal.aborted) this.aborts++
    else signal.addEventListener('abort', () => { this.aborts++ })
    this.carrying.heed(signal)
    sse.closed.then(record => { this.closed = record })
  }

  /** What its source says next. */
  say (what: Said): void {
    const { n, event } = this.make(what, 0)
    if (what === 'final' && (this.asked.kind === 'final' || this.asked.kind === 'push')) this.mayComplete = true
    if (!this.isPushed) this.carrying.push({ event, ...(n !== undefined && { n }) })
    else this.#whenHandled(sink => { this.#send(sink, n, event) })
  }

  end (): void {
    this.mayComplete = true
    if (this.isPushed) this.#whenHandled(sink => { sink.end() })
    else this.carrying.push({ end: true })
  }

  fail (): void {
    this.mayFail = true
    if (!this.isPushed) this.carrying.push({ error: new Error('broken by the schedule') })
  }

  sendAll (events: number, end: boolean): void {
    if (!this.isPushed) return
    if (end) this.mayComplete = true
    this.#whenHandled(sink => {
      const source = new Source({ ...this.asked.temper, onReturn: 'ends' })
      const place = this.sources.push(source) - 1
      const items: Item[] = Array.from({ length: events }, () => this.make('event', place) as Item)
      source.push(...items, { end: true })
      const sent: Visit['sentAll'][number] = { outcome: 'pending' }
      this.sentAll.push(sent)
      const all = sink.sendAll(source.iterable as never, { end })
      setImmediate(() => { all.then(() => { sent.outcome = 'ended' }, () => { sent.outcome = 'failed' }) })
    })
  }

  /** Nothing of it waits any more. */
  release (): void {
    for (const source of this.sources) source.release()
  }

  /** An event, and its number where nothing is wrong with it. */
  make (what: Said, source: number): { n: number | undefined, event: unknown } {
    if (what === 'comment') return { n: undefined, event: { comment: 'a\nremark' } }
    if (what === 'wrong') {
      this.mayFail = true
      return { n: undefined, event: { event: 'tick', data: 'wrong', id: 'a\nb' } }
    }
    const n = ++this.#said
    if (what === 'final') return { n, event: { event: 'done', data: { s: source, n, pad: '' } } }
    return { n, event: { event: 'tick', data: { s: source, n, pad: 'x'.repeat(PADDING[what]) } } }
  }

  #send (sink: FastifyReply['sse'], n: number | undefined, event: unknown): void {
    const sent: Sent = { n, outcome: 'pending' }
    this.sent.push(sent)
    const sending = sink.send(event as never)
    // Late, as by those who do not look at it at all: no rejection of it may be an unhandled one.
    setImmediate(() => { sending.then(hasRoom => { sent.outcome = hasRoom ? 'room' : 'left' }, () => { sent.outcome = 'refused' }) })
  }

  #whenHandled (run: (sink: FastifyReply['sse']) => void): void {
    if (this.#sink === undefined) this.#waiting.push(() => { run(this.#sink as FastifyReply['sse']) })
    else run(this.#sink)
  }
}

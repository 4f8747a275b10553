import { Type } from '@sinclair/typebox'
import { eventStream } from '../../lib/index.js'
import type { Topic } from '../../types/channel.js'

/** What the channels of these proofs carry: their own number, and where they stand in it. */
export const ticks = eventStream({
  tick: Type.Object({ channel: Type.Integer(), offset: Type.Integer(), pad: Type.String() })
})

export interface Tick { channel: number, offset: number, pad: string }

/** All that was published on one channel, in order, and how much of it is kept. */
export class Published {
  readonly channel: number
  /** Of each event, its topic. The first has the offset 1. */
  readonly topics: Array<string | undefined> = []
  readonly #maxEvents: number

  constructor (channel: number, maxEvents: number) {
    this.channel = channel
    this.#maxEvents = maxEvents
  }

  get head (): number {
    return this.topics.length
  }

  /** The offset after which all was kept when this was the newest. */
  earliestAt (head: number): number {
    return Math.max(0, head - this.#maxEvents)
  }

  /** Notes one more. */
  add (topic: string | undefined): Omit<Tick, 'pad'> {
    this.topics.push(topic)
    return { channel: this.channel, offset: this.head }
  }
}

/** What a subscriber wants of one channel. */
export interface Wanted {
  readonly published: Published
  readonly topics: readonly Topic[] | undefined
  readonly filter: ((tick: Tick) => boolean) | undefined
}

/** An event as a subscriber got it. */
export interface Got { event: string, id: string | undefined, data: unknown }

/**
 * What one subscriber has got, held against all that was published: every event is the very next one that it wants, and
 * every id stands for what it has. Throws at the first that is not.
 */
export class Account {
  id: string | undefined
  deliveries = 0
  gaps = 0
  resumes = 0
  readonly #wanted: readonly Wanted[]
  /** Of each channel, up to where it has everything. */
  readonly #has: number[]
  /** Of each channel, up to where there is nothing that it wants and has not. */
  readonly #unwanted: number[]
  /** Whether it resumes with what must be a gap, and of which channels. */
  #mustGap = false
  #trail: string[] = []

  /** @param wanted One for each channel that it reads; their order is that of the positions in an id. */
  constructor (wanted: readonly Wanted[]) {
    this.#wanted = wanted
    this.#has = wanted.map(() => NaN)
    this.#unwanted = wanted.map(() => 0)
  }

  /** It subscribes: without an id, it gets what comes from now on. */
  begin (): void {
    this.#note(`begins with ${this.id ?? 'nothing'}`)
    if (this.id === undefined) this.#wanted.forEach(({ published }, i) => { this.#has[i] = published.head })
    else {
      this.resumes++
      this.#mustGap = this.#wanted.some(({ published }, i) => this.#hasOf(i) < published.earliestAt(published.head))
    }
  }

  take ({ event, id, data }: Got): void {
    this.#note(`${event} ${id} ${JSON.stringify(data)}`)
    if (event === 'stream-gap') this.#gap(id, data as { requested: string, earliest: string })
    else {
      if (event === 'tick') this.#tick(data as Tick)
      else if (event !== 'stream-position') this.#fail('is of no known name')
      if (this.#wanted.length === 1 && this.#mustGap) this.#fail('should be a gap')
      this.#move(id, () => false)
    }
    this.id = id
  }

  /** Whether it has everything that it wants. */
  get isComplete (): boolean {
    return this.#wanted.every((_, i) => this.#nextOf(i) === Infinity)
  }

  describe (): string {
    return this.#trail.join('\n')
  }

  #tick ({ channel, offset }: Tick): void {
    this.deliveries++
    const i = this.#wanted.findIndex(({ published }) => published.channel === channel)
    const next = this.#nextOf(i)
    if (offset !== next) this.#fail(`should be ${next} of channel ${channel}`)
    this.#has[i] = offset
  }

  #gap (id: string | undefined, { requested, earliest }: { requested: string, earliest: string }): void {
    this.gaps++
    this.#mustGap = false
    if (requested !== (this.id ?? '')) this.#fail(`should say that ${this.id} was requested`)
    const isGone = (i: number, offset: number): boolean => {
      const { published } = this.#wanted[i] as Wanted
      return this.#hasOf(i) < published.earliestAt(offset)
    }
    const offsets = offsetsOf(id ?? '')
    if (!offsets.some((offset, i) => isGone(i, offset))) this.#fail('tells of a gap where nothing is gone')
    const [only] = this.#wanted
    if (only !== undefined && this.#wanted.length === 1) {
      const [from] = offsetsOf(earliest) as [number]
      if (from <= this.#hasOf(0) || from > only.published.earliestAt(offsets[0] as number)) this.#fail('names an earliest place that never was')
    }
    this.#move(id, isGone)
  }

  /** It stands where the id says, and nothing that it wants is passed over. */
  #move (id: string | undefined, mayJump: (i: number, offset: number) => boolean): void {
    if (id === undefined) this.#fail('should have an id')
    const offsets = offsetsOf(id as string)
    if (offsets.length !== this.#wanted.length) this.#fail(`should stand for ${this.#wanted.length} channels`)
    offsets.forEach((offset, i) => {
      const { published } = this.#wanted[i] as Wanted
      if (offset > published.head) this.#fail('stands for what is not published yet')
      if (offset < this.#hasOf(i)) this.#fail(`stands for less than what it has, ${this.#hasOf(i)}`)
      const next = this.#nextOf(i)
      if (next <= offset && !mayJump(i, offset)) this.#fail(`passes over ${next} of channel ${published.channel}`)
      this.#has[i] = offset
    })
  }

  /** The offset of the next event that it wants of a channel. */
  #nextOf (i: number): number {
    const { published: { topics: all, channel }, topics, filter } = this.#wanted[i] as Wanted
    const from = Math.max(this.#hasOf(i), this.#unwanted[i] as number)
    for (let offset = from + 1; offset <= all.length; offset++) {
      const topic = all[offset - 1]
      const isOfTopic = topics === undefined ||
        topics.some(each => typeof each === 'string' ? each === topic : topic?.startsWith(each.prefix) === true)
      if (isOfTopic && filter?.({ channel, offset, pad: '' }) !== false) return offset
      this.#unwanted[i] = offset
    }
    return Infinity
  }

  #hasOf (i: number): number {
    return this.#has[i] as number
  }

  #note (line: string): void {
    this.#trail.push(line.slice(0, 200))
    if (this.#trail.length > 12) this.#trail = this.#trail.slice(-8)
  }

  #fail (problem: string): never {
    throw new Error(`the last of these ${problem}, having ${this.#has.join(', ')}:\n${this.describe()}`)
  }
}

function offsetsOf (id: string): number[] {
  return id.split('~').map(part => Number(part.slice(part.indexOf('.') + 1)))
}

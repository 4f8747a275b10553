import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import type { Test } from 'tap'
import type { Log, Position, StoredRecord } from '../../../types/broker.js'
import { dataOf, note, readAll, type Harness } from './harness.js'
import { Recorder } from './recorder.js'

const SEEDS = 10
const PUBLISHERS = 4
const EVENTS_EACH = 40
const FOLLOWERS = 8
const RESUMERS = 8

/** Appending, following and reading, at the same time and in an order that a seed decides. */
export async function interleaving (t: Test, harness: Harness): Promise<void> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    await t.test(`nobody misses or doubles anything, whatever the order (seed ${seed})`, async t => {
      const run = new Run(harness.logs(t), seed)
      await run.start()
      await run.check()
    })
  }
}

interface Seen {
  readonly from: Position
  readonly records: () => readonly StoredRecord[]
  /** Undefined where it left early. */
  readonly recorder: Recorder | undefined
}

class Run {
  readonly #logs: readonly [Log, Log]
  readonly #random: () => number
  readonly #positions = new Map<string, Position>()
  readonly #seen: Seen[] = []
  readonly #recorders: Recorder[] = []

  constructor (logs: readonly [Log, Log], seed: number) {
    this.#logs = logs
    this.#random = mulberry32(seed)
  }

  async start (): Promise<void> {
    const times = (count: number, run: (index: number) => Promise<void>) => Array.from({ length: count }, (_, index) => run(index))
    await Promise.all([
      ...times(PUBLISHERS, async publisher => await this.#publish(publisher)),
      ...times(FOLLOWERS, async () => await this.#follow()),
      ...times(RESUMERS, async () => await this.#resume())
    ])
  }

  /** Whether all of them have seen what is stored. */
  async check (): Promise<void> {
    const [first, second] = this.#logs
    const end = await first.head()
    const everything = await readAll(first, undefined, 1 + this.#integer(50))
    deepStrictEqual(dataOf(await readAll(second)), dataOf(everything))
    equal(everything.length, PUBLISHERS * EVENTS_EACH)
    for (const { data, offset } of everything) deepStrictEqual(this.#positions.get(data), { epoch: end.epoch, offset })
    for (let publisher = 0; publisher < PUBLISHERS; publisher++) {
      const own = dataOf(everything).filter(data => data.startsWith(`${publisher}:`))
      deepStrictEqual(own, Array.from({ length: EVENTS_EACH }, (_, index) => `${publisher}:${index}`))
    }
    for (const { from, records, recorder } of this.#seen) {
      await recorder?.reached(end)
      const expected = everything.filter(({ offset }) => offset > from.offset)
      const seen = records()
      deepStrictEqual(dataOf(seen), dataOf(recorder === undefined ? expected.slice(0, seen.length) : expected))
    }
    for (const { problems } of this.#recorders) deepStrictEqual(problems, [])
  }

  /** Some wait for each append, some don't. */
  async #publish (publisher: number): Promise<void> {
    const waits = this.#random() < 0.5
    const pending: Array<Promise<void>> = []
    for (let index = 0; index < EVENTS_EACH; index++) {
      const data = `${publisher}:${index}`
      const log = this.#logs[publisher % 2 as 0 | 1] // the order of calls is that of one caller
      const appended = log.append(note(data)).then(position => { this.#positions.set(data, position) })
      pending.push(appended)
      if (waits) await appended
      await this.#pause()
    }
    await Promise.all(pending)
  }

  async #follow (): Promise<void> {
    await this.#pauses()
    const recorder = this.#recorder()
    const from = await recorder.begun()
    if (this.#random() < 0.5) {
      this.#seen.push({ from, records: () => recorder.records, recorder })
      return
    }
    await this.#pauses()
    recorder.stop()
    this.#seen.push({ from, records: () => recorder.records, recorder: undefined })
  }

  /** What a channel does: follow, read up to where that began, and put both together. */
  async #resume (): Promise<void> {
    await this.#pauses()
    const from = await this.#place()
    await this.#pauses()
    const recorder = this.#recorder()
    const begin = await recorder.begun()
    ok(begin.offset >= from.offset, 'who follows later begins later')
    const missed: StoredRecord[] = []
    for (let after = from; after.offset < begin.offset;) {
      const page = await this.#log().read(after, 1 + this.#integer(20))
      ok(!page.lost && page.through > after.offset, `${begin.offset} is there, after ${after.offset}`)
      missed.push(...page.records.filter(({ offset }) => offset <= begin.offset))
      after = { epoch: page.epoch, offset: page.through }
      await this.#pause()
    }
    this.#seen.push({ from, records: () => [...missed, ...recorder.records], recorder })
  }

  /** Where something was stored, or the end. */
  async #place (): Promise<Position> {
    const known = [...this.#positions.values()]
    return known[this.#integer(known.length * 2)] ?? await this.#log().head()
  }

  #recorder (): Recorder {
    const recorder = new Recorder(this.#log())
    this.#recorders.push(recorder)
    return recorder
  }

  #log (): Log {
    return this.#logs[this.#integer(2) as 0 | 1]
  }

  #integer (below: number): number {
    return Math.floor(this.#random() * below)
  }

  async #pauses (): Promise<void> {
    for (let i = this.#integer(EVENTS_EACH); i > 0; i--) await this.#pause()
  }

  async #pause (): Promise<void> {
    const kind = this.#integer(4)
    if (kind === 1) await Promise.resolve()
    if (kind > 1) await new Promise(resolve => setImmediate(resolve))
  }
}

/** A generator of random numbers that begins anew with each seed. */
function mulberry32 (seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

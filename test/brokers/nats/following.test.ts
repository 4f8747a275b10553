import t, { type Test } from 'tap'
import { Following } from '../../../lib/brokers/nats/following.js'
import { encodeRecord } from '../../../lib/brokers/nats/payload.js'
import { Witness } from '../../../lib/brokers/nats/witness.js'
import { Tail } from '../../../lib/brokers/tail.js'
import type { Follower, Log, Page, Position, StoredRecord } from '../../../types/broker.js'
import { dataOf, note } from '../conformance/harness.js'
import { Recorder } from '../conformance/recorder.js'
import { deferred } from '../../helpers/deferred.js'
import { FakeNats } from './fake-nats.js'

const at = (offset: number, epoch = 'life_a'): Position => ({ epoch, offset })
const records = (...offsets: number[]): StoredRecord[] => offsets.map(offset => ({ offset, ...note(`${offset}`) }))
const page = (through: number, given: readonly StoredRecord[] = [], epoch = 'life_a'): Page => ({ epoch, lost: false, records: given, through, earliest: 0 })

/** A log of which a test says where it ends, and what is read of it. */
class Scripted {
  readonly tail = new Tail()
  readonly following: Following
  head: () => Promise<Position> = async () => at(1)
  read: (after: Position) => Promise<Page> = async () => page(1)
  readonly #nats: FakeNats

  constructor (t: Test) {
    this.#nats = new FakeNats(t)
    const link = this.#nats.link()
    this.following = new Following({
      link, subject: 'live.>', recent: this.tail, witness: new Witness(), quietMs: 20, head: async () => await this.head(), read: async after => await this.read(after)
    })
  }

  follow (): Recorder {
    return new Recorder({ follow: (follower: Follower) => this.following.add(follower) } as unknown as Log)
  }

  live (seq: number): void {
    this.#nats.send({ subject: 'live.event', seq, text: encodeRecord('a', note(`${seq}`)).toString() })
  }
}

t.test('what was missed is read, over replaced values and up to where there is nothing else', async t => {
  const log = new Scripted(t)
  const recorder = log.follow()
  t.strictSame(await recorder.begun(), at(1))
  log.head = async () => at(9)
  log.read = async ({ offset }) => offset === 1 ? page(5, records(3, 5)) : page(9, records(6))
  log.following.check()
  await recorder.reached(at(9))
  t.strictSame(dataOf(recorder.records), ['3', '5', '6'])
  t.strictSame(recorder.begins, [at(1), at(9)])
  t.strictSame(recorder.problems, [])
  log.live(10)
  t.strictSame(dataOf(recorder.records).at(-1), '10')
  t.equal(log.tail.read(at(3), 10), undefined, 'the tail has no hole')
  recorder.stop()
})

t.test('a page of another epoch begins where the last one ended', async t => {
  const log = new Scripted(t)
  const recorder = log.follow()
  await recorder.begun()
  log.head = async () => at(3, 'life_b')
  log.read = async ({ offset }) => offset === 1 ? page(2, records(2)) : page(3, records(3), 'life_b')
  log.following.check()
  await recorder.reached(at(3))
  t.strictSame(recorder.begins, [at(1), at(2, 'life_b')])
  t.strictSame(dataOf(recorder.records), ['2', '3'])
  recorder.stop()
})

t.test('an end that is not there yet is asked for again', async t => {
  const log = new Scripted(t)
  const recorder = log.follow()
  await recorder.begun()
  let reads = 0
  log.head = async () => at(2)
  log.read = async () => ++reads === 1 ? page(1) : page(2, records(2))
  log.following.check()
  await recorder.reached(at(2))
  t.equal(reads, 2)
  recorder.stop()
})

t.test('who leaves while the end is asked for, or a page read, gets nothing, and who comes then begins at the end of then', async t => {
  const log = new Scripted(t)
  const heads = [deferred<Position>(), deferred<Position>()] as const
  const asked = [...heads]
  log.head = async () => await (asked.shift() ?? heads[1]).promise
  const leaves = log.follow()
  leaves.stop()
  const stays = log.follow()
  heads[0].resolve(at(1))
  heads[1].resolve(at(2))
  t.strictSame(await stays.begun(), at(2))

  const read = deferred<Page>()
  const isRead = deferred()
  log.head = async () => at(4)
  log.read = async () => {
    isRead.resolve()
    return await read.promise
  }
  log.following.check()
  await isRead.promise
  stays.stop()
  read.resolve(page(4, records(3, 4)))
  const late = log.follow()
  t.strictSame(await late.begun(), at(4))
  t.strictSame([leaves.begins, leaves.records, stays.records, late.records], [[], [], [], []])
  late.stop()
})

t.test('what comes while the end is asked for waits up to a bound, and is read beyond that', async t => {
  const log = new Scripted(t)
  const recorder = log.follow()
  await recorder.begun()
  const head = deferred<Position>()
  const asked = deferred()
  log.head = async () => {
    asked.resolve()
    return await head.promise
  }
  log.following.check()
  await asked.promise
  for (let times = 0; times < 200; times++) log.live(1)
  for (let seq = 2; seq <= 4_000; seq++) log.live(seq)
  log.head = async () => at(4_000)
  log.read = async ({ offset }) => page(Math.min(offset + 256, 4_000), records(...Array.from({ length: Math.min(256, 4_000 - offset) }, (_, index) => offset + index + 1)))
  head.resolve(at(1))
  await recorder.reached(at(4_000))
  t.equal(recorder.records.length, 3_999)
  t.strictSame(recorder.problems, [])
  recorder.stop()
})

t.test('who has missed too much begins again', async t => {
  const log = new Scripted(t)
  const recorder = log.follow()
  await recorder.begun()
  log.head = async () => at(1 + 4_096 + 1)
  log.following.check()
  await recorder.reached(at(4_098))
  t.strictSame(recorder.begins, [at(1), at(4_098)])
  recorder.stop()
})

t.test('a log that ends before what has come, or another life, begins again', async t => {
  for (const end of [at(1), at(7, 'other_a')]) {
    const log = new Scripted(t)
    log.head = async () => at(5)
    const recorder = log.follow()
    await recorder.begun()
    log.head = async () => end
    log.following.check()
    while (recorder.begins.length === 1) await new Promise(resolve => setImmediate(resolve))
    t.strictSame(recorder.begins, [at(5), end])
    recorder.stop()
  }
})

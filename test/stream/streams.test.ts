import t from 'tap'
import { Streams } from '../../lib/stream/streams.js'
import type { ServerStream } from '../../types/channel.js'

const listed = {} as ServerStream

t.test('counts what is open and what has not ended, and watches by one timer that rests', async t => {
  const streams = new Streams(0)
  const watched: string[] = []
  const stream = (name: string) => ({ watchEveryMs: 5, canComeBack: true, watch: () => { watched.push(name) }, shutDown () {}, destroy () {}, listed })
  const [a, b] = [stream('a'), stream('b')]
  streams.add(a)
  streams.add(b)
  t.equal(streams.size, 2)
  t.strictSame(streams.listed, [listed, listed])
  while (watched.length < 4) await new Promise(setImmediate)
  t.strictSame(watched.slice(0, 4), ['a', 'b', 'a', 'b'])
  streams.delete(a)
  streams.delete(a)
  streams.delete(b)
  t.equal(streams.size, 0)
  const { length } = watched
  await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(watched.length, length)
})

t.test('watches many in several turns, which do not overlap', async t => {
  const streams = new Streams(0)
  let turn = 0
  const turns: number[] = []
  const all = Array.from({ length: 1_200 }, () => ({ watchEveryMs: 5, canComeBack: true, watch: () => { turns.push(turn) }, shutDown () {}, destroy () {}, listed }))
  for (const stream of all) streams.add(stream)
  while (turns.length < 1_200) {
    turn++
    await new Promise(setImmediate)
  }
  t.equal(new Set(turns.slice(0, 1_200)).size, 3)
  t.equal(turns.filter(each => each === turns[0]).length, 500)
  for (const stream of all) streams.delete(stream)
})

t.test('a look that takes longer than its interval is not begun again before it has ended', async t => {
  const streams = new Streams(0)
  const order: number[] = []
  let isBusy = true
  const watch = (n: number): void => {
    order.push(n)
    if (!isBusy || n !== 600) return
    const until = performance.now() + 15
    let nowMs = 0
    while (nowMs < until) nowMs = performance.now()
  }
  const all = Array.from({ length: 1_200 }, (_, n) => ({ watchEveryMs: 5, canComeBack: true, watch: () => { watch(n) }, shutDown () {}, destroy () {}, listed }))
  for (const stream of all) streams.add(stream)
  while (order.length < 2_400) await new Promise(setImmediate)
  isBusy = false
  t.strictSame(order.slice(0, 2_400), [...all.keys(), ...all.keys()])
  for (const stream of all) streams.delete(stream)
})

t.test('warns once of a source that has not ended 30 s after its stream', async t => {
  const streams = new Streams(0)
  let warned = (): void => {}
  const warning = new Promise<void>(resolve => { warned = resolve })
  const lateSource = { stoppedAtMs: performance.now() - 30_000, warn: warned }
  const soonSource = { stoppedAtMs: performance.now(), warn: () => { t.fail('warned') } }
  streams.addUnfinished(lateSource)
  streams.addUnfinished(soonSource)
  t.equal(streams.unfinished, 2)
  const alive = setInterval(() => {}, 1_000) // the timer of the streams does not keep the process
  await warning
  clearInterval(alive)
  t.equal(streams.unfinished, 2, 'it goes on all the same')
  streams.deleteUnfinished(soonSource)
  streams.deleteUnfinished(soonSource)
  t.equal(streams.unfinished, 1)
  streams.deleteUnfinished(lateSource)
  streams.deleteUnfinished(lateSource)
  t.equal(streams.unfinished, 0)
})

t.test('closing', async t => {
  t.test('is done at once where nothing is open, and once', async t => {
    const streams = new Streams(0)
    const closed = streams.close(1_000)
    t.equal(streams.close(1_000), closed)
    await closed
  })

  t.test('ends what is open, and what still comes', async t => {
    const streams = new Streams(0)
    const stream = { watchEveryMs: 1_000, canComeBack: true, watch () {}, shutDown: () => { streams.delete(stream) }, destroy: () => { t.fail('destroyed') }, listed }
    streams.add(stream)
    await streams.close(1_000)
    streams.add(stream)
    t.equal(streams.size, 0)
  })

  t.test('spreads the return of clients', async t => {
    const streams = new Streams(100)
    const jitters = Array.from({ length: 200 }, () => streams.closeJitterMs())
    t.ok(jitters.every(ms => Number.isInteger(ms) && ms >= 0 && ms <= 100))
    t.ok(new Set(jitters).size > 10)
  })
})

import t from 'tap'
import { Gap } from '../../lib/channel/gap.js'
import { plainIds } from '../../lib/channel/ids.js'
import { Message } from '../../lib/channel/message.js'
import { PageReads } from '../../lib/channel/page-reads.js'
import { type Beginning, type Past, Replay, type Step } from '../../lib/channel/replay.js'
import { FST_ERR_SSE_BROKER_UNAVAILABLE } from '../../lib/errors.js'
import type { Topic } from '../../types/channel.js'
import { deferred } from '../helpers/deferred.js'
import { at, codec, FakeLog, part, signedIds } from './fixtures.js'

interface Setting { past: Past, log: FakeLog, errors: unknown[] }

function setting (options: Partial<Past> = {}): Setting {
  const log = new FakeLog()
  const errors: unknown[] = []
  const past: Past = {
    log,
    reads: new PageReads(4, Infinity),
    name: 'notes',
    isLatest: false,
    messagesOf: ({ epoch, records }) => records.map(record => new Message(record, codec, epoch)),
    takeSnapshot: undefined,
    onSnapshotError: error => { errors.push(error) },
    ...options
  }
  return { past, log, errors }
}

const wanted = (): boolean => true

/** A step as a test can compare it: offsets, gaps as `offset<earliest`, parts of snapshots as `part data`. */
function told (step: Step | undefined) {
  if (step === undefined) return undefined
  const { items, ...rest } = step
  return {
    ...rest,
    items: items.map(item => item instanceof Gap ? `${item.offset}<${item.earliest}` : item.offset ?? `part ${item.record.data}`)
  }
}

async function steps (replay: Replay, count: number) {
  const taken = []
  for (let i = 0; i < count; i++) taken.push(told(await replay.next(wanted)))
  return taken
}

const page = (items: number[], through: number, from: number, epoch = 'e') => ({ items, position: at(through, epoch), from, isSnapshot: false })

t.test('one that is stopped while it waits for its turn takes no step', async t => {
  const reads = new PageReads(1, Infinity)
  const { past, log } = setting({ reads })
  log.publish(1)
  const gate = deferred()
  log.gate = gate.promise
  const first = new Replay(past, undefined, 'start', plainIds).next(wanted)
  const second = new Replay(past, undefined, 'start', plainIds)
  const step = second.next(wanted)
  await new Promise(setImmediate)
  t.equal(reads.waiting, 1)
  second.stop()
  t.equal(await step, undefined)
  gate.resolve()
  t.equal((await first)?.items.length, 1)
  t.equal(log.reads.length, 1)
})

t.test('live begins where the log stood when it was made, and reads nothing before it goes on', async t => {
  const { past, log } = setting()
  log.publish(5)
  const replay = new Replay(past, undefined, 'live', plainIds)
  log.publish(2)
  t.strictSame(told(await replay.next(wanted)), page([], 5, 5))
  t.strictSame(log.reads, [])
  t.strictSame(told(await replay.next(wanted)), page([6, 7], 7, 5))
  t.strictSame(log.reads, [at(5)])
})

t.test('start begins with the earliest that is retained, a page at a time', async t => {
  const { past, log } = setting()
  log.publish(5)
  log.earliest = 1
  log.pageLimit = 2
  t.strictSame(await steps(new Replay(past, undefined, 'start', plainIds), 3), [page([2, 3], 3, 1), page([4, 5], 5, 3), page([], 5, 5)])
  t.strictSame(log.reads, [undefined, at(3), at(5)])
})

t.test('a page has 256 messages at most', async t => {
  const { past, log } = setting()
  log.publish(300)
  const [first, second] = await steps(new Replay(past, undefined, 'start', plainIds), 2)
  t.strictSame([first?.items.length, second?.items.length], [256, 44])
})

t.test('an id begins after its position in this log', async t => {
  for (const id of ['e.2', 'x.1~e.2']) {
    const { past, log } = setting()
    log.publish(3)
    t.strictSame(await steps(new Replay(past, undefined, { id }, plainIds), 1), [page([3], 3, 2)])
  }
})

t.test('an id after which something is gone gives a gap up to the end of the log', async t => {
  const { past, log } = setting()
  log.publish(5)
  log.earliest = 3
  const cases: Array<[id: string, from: number | undefined]> = [['e.2', 2], ['e.9', 9], ['f.4', undefined], ['', undefined], ['never an id', undefined]]
  for (const [id, from] of cases) {
    const replay = new Replay(past, undefined, { id }, plainIds)
    t.strictSame(told(await replay.next(wanted)), { items: ['5<3'], position: at(5), from, isSnapshot: false }, id)
    t.strictSame(told(await replay.next(wanted)), page([], 5, 5))
  }
})

t.test('what is lost in the midst of the past gives a gap as well', async t => {
  const { past, log } = setting()
  log.publish(5)
  log.pageLimit = 2
  const replay = new Replay(past, undefined, 'start', plainIds)
  t.strictSame(told(await replay.next(wanted)), page([1, 2], 2, 0))
  log.publish(3)
  log.earliest = 4
  t.strictSame(told(await replay.next(wanted)), { items: ['8<4'], position: at(8), from: 2, isSnapshot: false })
})

t.test('where the newest of each key is all there is, a gap is followed by all of them', async t => {
  const { past, log } = setting({ isLatest: true })
  log.publish(3)
  log.earliest = 1
  const replay = new Replay(past, undefined, { id: 'e.0' }, plainIds)
  t.strictSame(told(await replay.next(wanted)), { items: ['0<1'], position: at(0), from: 0, isSnapshot: false })
  t.strictSame(told(await replay.next(wanted)), page([2, 3], 3, 0))
  t.strictSame(log.reads, [at(0), undefined])
})

t.test('a snapshot replaces what is lost, or comes first', async t => {
  const topics: Topic[] = ['a']
  for (const beginning of ['snapshot', { id: 'f.1' }, { id: 'e.9' }] as Beginning[]) {
    const asked: unknown[] = []
    const { past, log, errors } = setting({
      takeSnapshot: async topics => {
        asked.push(topics)
        return { messages: [part(1), part(2)], position: at(3) }
      }
    })
    log.publish(5)
    t.strictSame(await steps(new Replay(past, topics, beginning, plainIds), 2), [
      { items: ['part 1', 'part 2'], position: at(3), from: undefined, isSnapshot: true },
      page([4, 5], 5, 3)
    ])
    t.strictSame([asked, errors], [[topics], []])
  }
})

t.test('a snapshot that fails is told of, and a gap in its place', async t => {
  const failure = new Error('database')
  const { past, log, errors } = setting({ takeSnapshot: async () => { throw failure } })
  log.publish(5)
  t.strictSame(await steps(new Replay(past, undefined, 'snapshot', plainIds), 2), [
    { items: ['5<0'], position: at(5), from: undefined, isSnapshot: false },
    page([], 5, 5)
  ])
  t.strictSame(errors, [failure])
})

t.test('what came live with a hole is read from where it stood', async t => {
  const { past, log } = setting()
  log.publish(5)
  const replay = new Replay(past, undefined, 'live', plainIds)
  await replay.next(wanted)
  log.publish(5)
  replay.resume(at(7))
  t.strictSame(await steps(replay, 1), [page([8, 9, 10], 10, 7)])
  log.restart('f')
  replay.resume(at(10))
  t.strictSame(await steps(replay, 1), [{ items: ['0<0'], position: at(0, 'f'), from: undefined, isSnapshot: false }])
})

t.test('nothing is read for one who has gone while it waited for its turn', async t => {
  const { past, log } = setting()
  t.equal(await new Replay(past, undefined, 'start', plainIds).next(() => false), undefined)
  t.strictSame(log.reads, [])
})

t.test('no snapshot is taken for one who has gone while the log was read', async t => {
  const { past, log, errors } = setting({ takeSnapshot: async () => t.fail('was taken') as never })
  const gate = deferred()
  log.gate = gate.promise
  let isWanted = true
  const step = new Replay(past, undefined, 'snapshot', plainIds).next(() => isWanted)
  await new Promise(setImmediate)
  t.equal(log.reads.length, 1)
  isWanted = false
  gate.resolve()
  t.equal(await step, undefined)
  t.strictSame(errors, [])
})

t.test('a log that fails fails the step, and nobody else', async t => {
  const failure = new Error('connection')
  for (const beginning of ['live', 'start', { id: 'e.1' }] as Beginning[]) {
    const { past, log } = setting()
    log.failure = failure
    const replay = new Replay(past, undefined, beginning, plainIds)
    await new Promise(setImmediate) // it would be an unhandled rejection by now
    await t.rejects(replay.next(wanted), failure)
  }
})

const unavailable = (): Error => new FST_ERR_SSE_BROKER_UNAVAILABLE('notes', 5_000)

t.test('who comes while the broker is away waits until it is back', async t => {
  for (const [beginning, expected] of [
    ['live', page([], 2, 2)],
    ['start', page([1, 2], 2, 0)],
    [{ id: 'e.1' }, page([2], 2, 1)]
  ] as Array<[Beginning, unknown]>) {
    const { past, log } = setting()
    log.publish(2)
    log.failure = unavailable()
    let asked = 0
    const replay = new Replay(past, undefined, beginning, plainIds)
    const step = replay.next(() => {
      if (++asked === 5) log.failure = undefined
      return true
    })
    t.strictSame(told(await step), expected)
    t.ok(asked >= 5)
  }
})

t.test('a page is asked for again when the broker goes away after the head was found', async t => {
  const { past, log } = setting()
  log.publish(2)
  const replay = new Replay(past, undefined, { id: 'e.1' }, plainIds)
  const gate = deferred()
  log.gate = gate.promise
  const step = replay.next(wanted)
  await new Promise(setImmediate)
  log.failure = unavailable()
  log.gate = new Promise(resolve => setImmediate(() => {
    log.failure = undefined
    resolve()
  }))
  gate.resolve()
  t.strictSame(told(await step), page([2], 2, 1))
  t.equal(log.reads.length, 2)
})

t.test('nobody asks a broker that is away for those who have gone', async t => {
  for (const beginning of ['live', 'start', { id: 'e.1' }] as Beginning[]) {
    const { past, log } = setting()
    log.failure = unavailable()
    let asked = 0
    t.equal(await new Replay(past, undefined, beginning, plainIds).next(() => ++asked < 3), undefined)
    t.equal(asked, 3)
  }
})

t.test('a snapshot whose own position is gone is not taken for ever: a gap is told in its place', async t => {
  const { past, log, errors } = setting({ takeSnapshot: async () => ({ messages: [part(1)], position: at(2) }) })
  log.publish(5)
  log.earliest = 3
  const replay = new Replay(past, undefined, 'snapshot', plainIds)
  const taken = await steps(replay, 5)
  t.ok(taken.some(step => step?.items.join() === '5<3'))
  t.match(errors, [{ code: 'FST_ERR_SSE_SNAPSHOT_INVALID', message: /from before the history begins/ }])
})

t.test('nor is one after which events are dropped before they can be read', async t => {
  const { past, log, errors } = setting({
    takeSnapshot: async () => {
      log.publish(3)
      log.earliest = 5
      return { messages: [part(1)], position: at(2) }
    }
  })
  log.publish(2)
  const taken = await steps(new Replay(past, undefined, 'snapshot', plainIds), 3)
  t.strictSame(taken.map(step => step?.isSnapshot), [true, false, false])
  t.match(errors, [{ code: 'FST_ERR_SSE_SNAPSHOT_INVALID' }])
})

t.test('an id that was given goes on after its place', async t => {
  const { past, log } = setting()
  log.publish(5)
  const ids = signedIds()
  t.strictSame(await steps(new Replay(past, undefined, { id: ids.format(at(3)) }, ids), 1), [page([4, 5], 5, 3)])
})

t.test('one that was given, and after which something is gone, is told of all that is left', async t => {
  const { past, log } = setting()
  log.publish(5)
  log.earliest = 3
  const ids = signedIds()
  for (const [position, from] of [[at(2), 2], [at(1, 'f'), undefined]] as const) {
    t.strictSame(await steps(new Replay(past, undefined, { id: ids.format(position) }, ids), 1), [{ items: ['5<3'], position: at(5), from, isSnapshot: false }])
  }
})

t.test('one that was not given is told of nothing that was before, unless it could begin at the start as well', async t => {
  for (const [mayStart, earliest] of [[undefined, 5], [false, 5], [true, 3]] as const) {
    const { past, log } = setting()
    log.publish(5)
    log.earliest = 3
    for (const id of ['e.3', 'e.0', '', signedIds('Bob').format(at(4))]) {
      const beginning = mayStart === undefined ? { id } : { id, mayStart }
      const replay = new Replay(past, undefined, beginning, signedIds())
      t.strictSame(await steps(replay, 2), [{ items: [`5<${earliest}`], position: at(5), from: undefined, isSnapshot: false }, page([], 5, 5)], id)
    }
  }
})

t.test('where the newest of each key is all there is, one that was not given gets only what comes, unless it could begin at the start', async t => {
  for (const [mayStart, expected] of [
    [false, [{ items: ['3<3'], position: at(3), from: undefined, isSnapshot: false }, page([4], 4, 3)]],
    [true, [{ items: ['0<1'], position: at(0), from: undefined, isSnapshot: false }, page([2, 3, 4], 4, 0)]]
  ] as const) {
    const { past, log } = setting({ isLatest: true })
    log.publish(3)
    log.earliest = 1
    const replay = new Replay(past, undefined, { id: 'e.0', mayStart }, signedIds())
    const first = told(await replay.next(wanted))
    log.publish(1)
    t.strictSame([first, told(await replay.next(wanted))], expected)
  }
})

t.test('a snapshot replaces what an id does not prove; where it fails, nothing that was before is told of', async t => {
  for (const beginning of ['snapshot', { id: 'e.1' }] as Beginning[]) {
    const { past, log } = setting({ takeSnapshot: async () => ({ messages: [part(1)], position: at(3) }) })
    log.publish(5)
    t.strictSame(await steps(new Replay(past, undefined, beginning, signedIds()), 2), [
      { items: ['part 1'], position: at(3), from: undefined, isSnapshot: true },
      page([4, 5], 5, 3)
    ])
    const failing = setting({ takeSnapshot: async () => { throw new Error('database') } })
    failing.log.publish(5)
    t.strictSame(await steps(new Replay(failing.past, undefined, beginning, signedIds()), 1), [{ items: ['5<5'], position: at(5), from: undefined, isSnapshot: false }])
  }
})

t.test('after a gap it stands where it was told, and is told of all that is left after that', async t => {
  const { past, log } = setting()
  log.publish(5)
  const replay = new Replay(past, undefined, { id: 'forged' }, signedIds())
  t.strictSame(told(await replay.next(wanted))?.items, ['5<5'])
  log.publish(5)
  log.earliest = 7
  t.strictSame(told(await replay.next(wanted))?.items, ['10<7'])
})

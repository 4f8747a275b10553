import { AsyncLocalStorage } from 'node:async_hooks'
import t from 'tap'
import { Snapshots } from '../../lib/channel/snapshots.js'
import type { Snapshot, SnapshotContext } from '../../types/channel.js'
import { deferred } from '../helpers/deferred.js'
import { at, part } from './fixtures.js'
import { topicPrefix } from '../../lib/channel/topic-prefix.js'

function snapshots (take: (context: SnapshotContext) => Snapshot<unknown> | Promise<Snapshot<unknown>>) {
  let offset = 0
  return new Snapshots({ channel: 'notes', timeoutMs: 50, take, head: () => at(++offset), messageOf: event => part(event as number) })
}

const dataOf = ({ messages }: { messages: ReadonlyArray<{ record: { data: string } }> }): number[] => messages.map(({ record }) => Number(record.data))

t.test('a snapshot stands for the position at which it was asked for', async t => {
  const asked: SnapshotContext[] = []
  const source = snapshots(context => {
    asked.push(context)
    return [1, 2]
  })
  const taken = await source.take(['a'])
  t.strictSame([dataOf(taken), taken.position], [[1, 2], at(1)])
  t.match(asked, [{ topics: ['a'], position: 'e.1', signal: AbortSignal }])
})

t.test('the source is called in the turn in which its position is read', async t => {
  const steps: string[] = []
  const source = new Snapshots({
    channel: 'notes',
    timeoutMs: 50,
    head: () => {
      queueMicrotask(() => { steps.push('microtask') })
      return at(1)
    },
    take: () => {
      steps.push('take')
      return []
    },
    messageOf: () => part(1)
  })
  await source.take(undefined)
  t.strictSame(steps, ['take', 'microtask'])
})

t.test('a source may be asynchronous, give any iterable, and know its own position', async t => {
  const cases: Array<[snapshot: () => Snapshot<unknown> | Promise<Snapshot<unknown>>, data: number[], position: object]> = [
    [async () => [1], [1], at(1)],
    [() => new Set([1, 2]), [1, 2], at(1)],
    [function * () { yield 3 }, [3], at(1)],
    [() => [], [], at(1)],
    [() => ({ events: [1], position: 'e.7' }), [1], at(7)],
    [async () => ({ events: new Set([1]), position: 'x.1~e.7' }), [1], at(7)]
  ]
  for (const [snapshot, data, position] of cases) {
    const taken = await snapshots(snapshot).take(undefined)
    t.strictSame([dataOf(taken), taken.position], [data, position])
  }
})

t.test('a position of its own has to be one of the present life of the channel', async t => {
  for (const position of ['f.7', '', 'e.x']) {
    await t.rejects(snapshots(() => ({ events: [], position })).take(undefined), {
      code: 'FST_ERR_SSE_SNAPSHOT_INVALID',
      message: `the snapshot of the channel 'notes' should have a position that the channel gave in its present life, instead got '${position}'`
    })
  }
})

t.test('many who ask for the same topics at the same time get the same one', async t => {
  const gate = deferred()
  const asked: SnapshotContext[] = []
  const source = snapshots(async context => {
    asked.push(context)
    await gate.promise
    return [asked.length]
  })
  const all = [source.take(undefined), source.take(undefined)]
  const some = [source.take(['a', topicPrefix('b')]), source.take([topicPrefix('b'), 'a']), source.take(['a', topicPrefix('b')])]
  const others = [source.take(['b', topicPrefix('a')]), source.take([]), source.take(['"a"'])]
  gate.resolve()
  t.equal(await all[0], await all[1])
  t.equal(await some[0], await some[1])
  t.equal(await some[0], await some[2])
  t.equal(new Set(await Promise.all([...all, ...some, ...others])).size, 5)
  t.equal(asked.length, 5)
  await source.take(undefined)
  t.equal(asked.length, 6, 'who asks later gets another one')
})

t.test('one that fails fails for all who wait for it, and the next is asked for anew', async t => {
  const failures = [new Error('first'), new Error('second')]
  for (const fail of [(error: unknown) => { throw error }, async (error: unknown) => { throw error }]) {
    let calls = 0
    const source = snapshots(() => calls === 2 ? [] : fail(failures[calls++]) as never)
    const [first, second] = await Promise.allSettled([source.take(undefined), source.take(undefined)])
    t.strictSame([first.status, second.status], ['rejected', 'rejected'])
    t.equal((first as PromiseRejectedResult).reason, failures[0])
    t.equal((second as PromiseRejectedResult).reason, failures[0])
    await t.rejects(source.take(undefined), { message: 'second' })
    t.strictSame((await source.take(undefined)).messages, [])
  }
})

t.test('an event that is none fails it', async t => {
  const source = new Snapshots({ channel: 'notes', timeoutMs: 50, take: () => [1], head: () => at(1), messageOf: () => { throw new Error('invalid') } })
  await t.rejects(source.take(undefined), { message: 'invalid' })
})

t.test('the source sees the async context in which the channel was opened, not that of who asks first', async t => {
  const user = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const source = user.run('app', () => snapshots(async () => {
    seen.push(user.getStore())
    await null
    seen.push(user.getStore())
    return (function * () { seen.push(user.getStore()) })()
  }))
  await user.run('Ann', async () => { await source.take(undefined) })
  t.strictSame(seen, ['app', 'app', 'app'])
})

t.test('one that never comes is given up, and does not keep the next from being taken', async t => {
  const keepAlive = setInterval(() => {}, 1_000) // its own timer does not
  t.teardown(() => { clearInterval(keepAlive) })
  const signals: AbortSignal[] = []
  const source = snapshots(async ({ signal }) => {
    signals.push(signal)
    return signals.length === 1 ? await new Promise<never>(() => {}) : [7]
  })
  const error = { code: 'FST_ERR_SSE_SNAPSHOT_INVALID', message: "the snapshot of the channel 'notes' should be taken within 50 ms" }
  await Promise.all([t.rejects(source.take(undefined), error), t.rejects(source.take(undefined), error)])
  t.strictSame(signals.map(({ aborted }) => aborted), [true])
  t.strictSame(dataOf(await source.take(undefined)), [7])
})

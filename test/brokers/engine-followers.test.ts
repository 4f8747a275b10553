import t from 'tap'
import { EngineFollowers } from '../../lib/brokers/engine-followers.js'
import type { Follower, Position, StoredRecord } from '../../types/broker.js'
import { deferred } from '../helpers/deferred.js'

const at = (offset: number, epoch = 'e'): Position => ({ epoch, offset })
const records = (...offsets: number[]): StoredRecord[] => offsets.map(offset => ({ offset, event: 'note', data: 'x' }))

/** Notes what it is told: `begin e 5`, `6,7`. */
function follower (calls: string[], onCall = (_call: string): void => {}): Follower {
  const call = (text: string): void => {
    calls.push(text)
    onCall(text)
  }
  return {
    begin: ({ epoch, offset }) => { call(`begin ${epoch} ${offset}`) },
    receive: records => { call(records.map(({ offset }) => offset).join()) }
  }
}

const turn = async (): Promise<void> => await new Promise(resolve => setImmediate(resolve))

t.test('the first one begins where the log is found to stand', async t => {
  const followers = new EngineFollowers(async () => { throw new Error('nobody asks') })
  const calls: string[] = []
  followers.add(follower(calls))
  await turn()
  t.strictSame(calls, [])
  t.equal(followers.position, undefined)
  followers.begin(at(5))
  followers.receive(records(6, 7))
  t.strictSame(calls, ['begin e 5', '6,7'])
  t.strictSame(followers.position, at(7))
})

t.test('who comes later does not begin before what was stored when it came', async t => {
  const head = deferred()
  const followers = new EngineFollowers(async () => {
    await head.promise
    return at(8)
  })
  const [first, later]: [string[], string[]] = [[], []]
  followers.add(follower(first))
  followers.begin(at(5))
  followers.add(follower(later))
  followers.receive(records(6))
  head.resolve()
  await turn()
  t.strictSame(later, [])
  followers.receive(records(7, 8))
  followers.receive(records(9))
  t.strictSame(later, ['begin e 8', '9'])
  t.strictSame(first, ['begin e 5', '6', '7,8', '9'])
})

t.test('nor does who comes when the first one has not begun yet, from a place that was found before', async t => {
  const heads = [deferred(), deferred()]
  let asked = 0
  const followers = new EngineFollowers(async () => {
    await heads[asked++]?.promise
    return at(8)
  })
  const calls: string[][] = [[], [], []]
  for (const each of calls) followers.add(follower(each))
  heads[0]?.resolve()
  await turn()
  followers.begin(at(5))
  t.strictSame(calls, [['begin e 5'], [], []])
  followers.receive(records(6, 7, 8))
  t.strictSame(calls, [['begin e 5', '6,7,8'], ['begin e 8'], []])
  heads[1]?.resolve()
  await turn()
  t.strictSame(calls[2], ['begin e 8'])
})

t.test('who comes when all has arrived begins at once, but not within the call', async t => {
  const followers = new EngineFollowers(async () => at(5))
  followers.add(follower([]))
  followers.begin(at(5))
  const calls: string[] = []
  followers.add(follower(calls))
  t.strictSame(calls, [])
  await turn()
  t.strictSame(calls, ['begin e 5'])
})

t.test('where the engine does not answer, who comes later begins where the others are', async t => {
  const followers = new EngineFollowers(async () => { throw new Error('away') })
  followers.add(follower([]))
  const calls: string[] = []
  followers.add(follower(calls))
  await turn()
  t.strictSame(calls, [])
  followers.begin(at(5))
  t.strictSame(calls, ['begin e 5'])
})

t.test('all begin again, also those who still wait for a place in an epoch that has ended', async t => {
  const followers = new EngineFollowers(async () => at(100))
  const [first, waiting]: [string[], string[]] = [[], []]
  followers.add(follower(first))
  followers.begin(at(5))
  followers.add(follower(waiting))
  await turn()
  followers.begin(at(6))
  t.strictSame(waiting, [])
  followers.begin(at(0, 'f'))
  t.strictSame(first, ['begin e 5', 'begin e 6', 'begin f 0'])
  t.strictSame(waiting, ['begin f 0'])
})

t.test('where the log has begun anew and nobody here knows it yet, who comes later waits for that', async t => {
  const followers = new EngineFollowers(async () => at(3, 'f'))
  const calls: string[] = []
  followers.add(follower([]))
  followers.begin(at(7))
  followers.add(follower(calls))
  await turn()
  followers.receive(records(8))
  t.strictSame(calls, [])
  followers.begin(at(0, 'f'))
  followers.receive(records(1, 2))
  t.strictSame(calls, [])
  followers.receive(records(3))
  t.strictSame(calls, ['begin f 3'])
})

t.test('where it has begun anew while it was asked, it is asked again', async t => {
  const head = deferred()
  const heads = [at(100), at(2, 'f')]
  const followers = new EngineFollowers(async () => {
    const found = heads.shift() as Position
    await head.promise
    return found
  })
  const calls: string[] = []
  followers.add(follower([]))
  followers.begin(at(7))
  followers.add(follower(calls))
  followers.begin(at(0, 'f'))
  head.resolve()
  await turn()
  t.strictSame(calls, [])
  followers.receive(records(1, 2))
  t.strictSame(calls, ['begin f 2'])
})

t.test('who has left is not called again, whenever it leaves', async t => {
  const head = deferred()
  const followers = new EngineFollowers(async () => {
    await head.promise
    return at(5)
  })
  const calls: string[][] = [[], [], [], []]
  const remove: Array<() => void> = []
  remove.push(followers.add(follower(calls[0] as string[], call => { if (call === '6') for (const each of remove) each() })))
  remove.push(followers.add(follower(calls[1] as string[])))
  followers.begin(at(5))
  remove.push(followers.add(follower(calls[2] as string[], () => remove[2]?.())))
  head.resolve()
  await turn()
  t.strictSame(calls, [['begin e 5'], ['begin e 5'], ['begin e 5'], []])
  remove.push(followers.add(follower(calls[3] as string[])))
  followers.receive(records(6))
  await turn()
  t.strictSame(calls, [['begin e 5', '6'], ['begin e 5'], ['begin e 5'], []])
  t.equal(followers.size, 0)
})

t.test('a follower may leave others as it begins again', async t => {
  const followers = new EngineFollowers(async () => at(5))
  const calls: string[] = []
  let removeSecond = (): void => {}
  followers.add(follower([], call => { if (call === 'begin e 9') removeSecond() }))
  removeSecond = followers.add(follower(calls))
  await turn()
  followers.begin(at(5))
  followers.begin(at(9))
  t.strictSame(calls, ['begin e 5'])
})

t.test('after a reset it is not known where the log stands', async t => {
  const followers = new EngineFollowers(async () => at(5))
  const remove = followers.add(follower([]))
  followers.begin(at(5))
  remove()
  followers.reset()
  t.equal(followers.position, undefined)
  const calls: string[] = []
  followers.add(follower(calls))
  await turn()
  t.strictSame(calls, [])
  followers.begin(at(9))
  t.strictSame(calls, ['begin e 9'])
})

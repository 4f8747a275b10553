import { AsyncLocalStorage } from 'node:async_hooks'
import t from 'tap'
import { Attendance } from '../../lib/channel/attendance.js'
import type { Departure, Presence } from '../../types/channel.js'
import { memoLogger, SILENT } from './fixtures.js'

const presence = (identity: string): Presence => ({ channel: 'notes', topics: undefined, identity })

t.test('tells who comes and who goes, and why', async t => {
  const attendance = new Attendance(SILENT)
  const told: Array<Presence | Departure> = []
  const listener = (presence: Presence | Departure): void => { told.push(presence) }
  attendance.on('subscribe', listener)
  attendance.on('unsubscribe', listener)
  const leave = attendance.arrive(presence('a'), () => {})
  t.equal(attendance.size, 1)
  leave('slow')
  t.equal(attendance.size, 0)
  attendance.off('subscribe', listener)
  attendance.off('unsubscribe', listener)
  attendance.arrive(presence('b'), () => {})('client')
  t.strictSame(told, [presence('a'), { ...presence('a'), reason: 'slow' }])
})

t.test('who listens finds the one who comes counted, and the one who goes not', async t => {
  const attendance = new Attendance(SILENT)
  const sizes: number[] = []
  attendance.on('subscribe', () => { sizes.push(attendance.size) })
  attendance.on('unsubscribe', () => { sizes.push(attendance.size) })
  attendance.arrive(presence('a'), () => {})('complete')
  t.strictSame(sizes, [1, 0])
})

t.test('ends what all of them read, also of one who came twice in the same way', async t => {
  const attendance = new Attendance(SILENT)
  let finished = 0
  const finish = (): void => { finished++ }
  const leaves = [attendance.arrive(presence('a'), finish), attendance.arrive(presence('a'), finish)]
  t.equal(attendance.size, 2)
  leaves[0]?.('complete')
  t.equal(attendance.size, 1)
  attendance.finish()
  t.equal(finished, 1)
})

t.test('those who go as they are ended are ended once', async t => {
  const attendance = new Attendance(SILENT)
  const finished: string[] = []
  for (const name of ['a', 'b', 'c']) {
    const leave = attendance.arrive(presence(name), () => {
      finished.push(name)
      leave('complete')
    })
  }
  attendance.finish()
  t.strictSame(finished, ['a', 'b', 'c'])
  t.equal(attendance.size, 0)
})

t.test('a listener that throws is logged, and keeps nobody from being told', async t => {
  const { log, lines } = memoLogger()
  const attendance = new Attendance(log)
  const failure = new Error('bug')
  const told: string[] = []
  for (const name of ['subscribe', 'unsubscribe'] as const) {
    attendance.on(name, () => { throw failure })
    attendance.on(name, () => { told.push(name) })
  }
  attendance.arrive(presence('a'), () => {})('client')
  t.strictSame(told, ['subscribe', 'unsubscribe'])
  t.strictSame(lines, ['subscribe', 'unsubscribe'].map(name => (
    { level: 'error', fields: { err: failure, channel: 'notes' }, text: `a listener for '${name}' failed` }
  )))
})

t.test('who listens is told in the async context of the one who comes and goes, whoever has closed him', async t => {
  const user = new AsyncLocalStorage<string>()
  const attendance = new Attendance(SILENT)
  const seen: unknown[] = []
  attendance.on('subscribe', () => { seen.push(user.getStore()) })
  attendance.on('unsubscribe', () => { seen.push(user.getStore()) })
  const leave = user.run('Ann', () => attendance.arrive(presence('Ann'), () => {}))
  user.run('Bob', () => { leave('slow') })
  t.strictSame(seen, ['Ann', 'Ann'])
})

import t from 'tap'
import { inSlices } from '../lib/in-slices.js'

t.test('visits all, some in each turn, and says so', async t => {
  const visited: number[] = []
  const turns: number[] = []
  await new Promise<void>(resolve => {
    inSlices([1, 2, 3, 4, 5].values() as Iterator<number, undefined>, 2, item => { visited.push(item) }, resolve)
    turns.push(visited.length)
    setImmediate(() => { turns.push(visited.length) })
  })
  t.strictSame(visited, [1, 2, 3, 4, 5])
  t.strictSame(turns, [2, 4])
})

t.test('visits what is added meanwhile, and not what is deleted', async t => {
  const items = new Set([1, 2, 3])
  const visited: number[] = []
  await new Promise<void>(resolve => {
    inSlices(items.values(), 1, item => { visited.push(item) }, resolve)
    items.delete(2)
    items.add(4)
  })
  t.strictSame(visited, [1, 3, 4])
})

t.test('one that fails keeps no other from being visited', async t => {
  const visited: number[] = []
  await new Promise<void>(resolve => {
    const visit = (item: number): void => {
      visited.push(item)
      if (item === 1) throw new Error('bug')
    }
    t.throws(() => { inSlices(new Set([1, 2, 3]).values(), 2, visit, resolve) }, { message: 'bug' })
    t.strictSame(visited, [1])
  })
  t.strictSame(visited, [1, 2, 3])
})

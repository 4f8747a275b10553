import { deepStrictEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Backlog } from '../../lib/channel/backlog.js'
import type { Item } from '../../lib/channel/item.js'

const item = (offset: number, key: unknown = {}, size = offset): Item => ({ offset, key, size })

function drained (backlog: Backlog<Item>): Item[] {
  const items: Item[] = []
  for (let item = backlog.shift(); item !== undefined; item = backlog.shift()) items.push(item)
  return items
}

t.test('gives in order what was pushed, and knows how much waits', async t => {
  const backlog = new Backlog<Item>(false)
  const items = Array.from({ length: 100 }, (_, index) => item(index + 1))
  for (const each of items) backlog.push(each)
  t.strictSame([backlog.length, backlog.size], [100, 5050])
  backlog.conflate()
  t.equal(backlog.length, 100, 'it was not asked to conflate')
  t.strictSame(drained(backlog), items)
  t.strictSame([backlog.length, backlog.size, backlog.shift()], [0, 0, undefined])
})

t.test('can be cleared, and used again', async t => {
  const backlog = new Backlog<Item>(true)
  for (const offset of [1, 2, 3, 4]) backlog.push(item(offset))
  backlog.shift()
  backlog.conflate()
  backlog.push(item(5))
  backlog.clear()
  t.strictSame([backlog.length, backlog.size, backlog.shift()], [0, 0, undefined])
  backlog.push(item(6))
  t.strictSame([backlog.length, backlog.size, backlog.shift()?.offset], [1, 6, 6])
})

t.test('what has waited is replaced by the newest of its key, in its place', async t => {
  const backlog = new Backlog<Item>(true)
  const [a1, b2, a3, c4] = [item(1, 'a', 10), item(2, 'b', 20), item(3, 'a', 30), item(4, 'c', 40)]
  for (const each of [a1, b2, a3]) backlog.push(each)
  t.equal(backlog.size, 60)
  backlog.conflate()
  t.strictSame([backlog.length, backlog.size], [2, 50])
  backlog.push(c4)
  t.strictSame([backlog.shift(), backlog.place], [a3, 1], 'which stands for what it has replaced, not for b2')
  t.strictSame([backlog.shift(), backlog.place], [b2, 2])
  t.strictSame([backlog.shift(), backlog.place], [c4, 4])
})

t.test('what was replaced keeps its place, however often the rest is reduced', async t => {
  const backlog = new Backlog<Item>(true)
  const [a1, b2, b3, a4] = [item(1, 'a'), item(2, 'b'), item(3, 'b'), item(4, 'a')]
  for (const each of [a1, b2, b3]) backlog.push(each)
  backlog.conflate()
  t.strictSame([backlog.shift(), backlog.place], [a1, 1])
  backlog.push(a4)
  backlog.conflate()
  t.strictSame([backlog.shift(), backlog.place], [b3, 2])
  t.strictSame([backlog.shift(), backlog.place], [a4, 4])
})

t.test('a key that changes all the time gets through', async t => {
  const backlog = new Backlog<Item>(true)
  const taken: unknown[] = []
  for (let offset = 0; offset < 100; offset++) {
    backlog.push(item(offset, offset % 2 === 0 ? 'hot' : offset))
    backlog.conflate()
    if (offset % 4 === 3) taken.push(backlog.shift()?.key)
  }
  t.equal(taken.filter(key => key === 'hot').length, 3)
})

type Slots = Array<{ item: Item, place: number | undefined }>

function conflated (slots: Slots): Slots {
  const isFirst = (slot: Slots[number], i: number): boolean => slots.findIndex(({ item: { key } }) => key === slot.item.key) === i
  return slots.filter(isFirst).map(({ item: { key }, place }) => ({ item: slots.findLast(({ item }) => item.key === key)!.item, place }))
}

const steps = fc.array(fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('push' as const), key: fc.constantFrom('a', 'b', 'c', 'd'), size: fc.nat({ max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('shift' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('conflate' as const) }) }
), { maxLength: 80, size: 'max' })

t.test('conflates as a naive one does: one of each key at most, the newest, at the place of the first', async () => {
  fc.assert(fc.property(steps, fc.boolean(), (steps, conflates) => {
    const backlog = new Backlog<Item>(conflates)
    let model: Slots = []
    let replaced = 0
    const newest = new Map<unknown, Item>()
    const taken = new Map<unknown, Item>()
    steps.forEach((step, index) => {
      if (step.do === 'push') {
        const pushed = item(index, step.key, step.size)
        newest.set(step.key, pushed)
        backlog.push(pushed)
        model.push({ item: pushed, place: index })
      } else if (step.do === 'shift') {
        const shifted = backlog.shift()
        const expected = model.shift()
        equal(shifted, expected?.item)
        if (expected !== undefined) equal(backlog.place, expected.place)
        if (shifted !== undefined) taken.set(shifted.key, shifted)
      } else {
        backlog.conflate()
        const before = model.length
        if (conflates) model = conflated(model)
        replaced += before - model.length
      }
      equal(backlog.conflated, replaced)
      equal(backlog.length, model.length)
      equal(backlog.size, model.reduce((sum, { item: { size } }) => sum + size, 0))
    })
    for (const each of drained(backlog)) taken.set(each.key, each)
    deepStrictEqual([...taken.keys()].sort(), [...newest.keys()].sort())
    for (const [key, each] of newest) equal(taken.get(key), each, 'it converges')
  }))
})

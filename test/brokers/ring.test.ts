import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import t from 'tap'
import fc from 'fast-check'
import { Ring } from '../../lib/brokers/ring.js'

function ringOf (size: number): Ring<{ value: number }> {
  const ring = new Ring<{ value: number }>()
  for (let value = 0; value < size; value++) ring.push({ value })
  return ring
}

t.test('holds nothing until something is in it', async t => {
  const ring = new Ring()
  t.equal(ring.size, 0)
  t.equal(ring.capacity, 0)
  t.equal(ring.at(0), undefined)
  t.equal(ring.shift(), undefined)
})

t.test('gives back the capacity that it does not need any more', async t => {
  const ring = ringOf(10_000)
  t.equal(ring.capacity, 16_384)
  while (ring.size > 4_000) ring.shift()
  t.equal(ring.capacity, 8_192)
  while (ring.size > 0) ring.shift()
  t.equal(ring.capacity, 8)
})

t.test('does not resize back and forth at a border', async t => {
  const ring = ringOf(64)
  ring.push({ value: 64 })
  t.equal(ring.capacity, 128)
  for (let i = 0; i < 30; i++) ring.shift()
  t.equal(ring.capacity, 128)
})

t.test('drops what was removed', async t => {
  const ring = new Ring()
  const gone = new WeakRef(ringItem(ring))
  ring.push({})
  ring.shift()
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  await new Promise(resolve => setImmediate(resolve)) // a WeakRef holds on until the end of the turn that made it
  ;(runInNewContext('gc') as () => void)()
  t.equal(gone.deref(), undefined)
})

t.test('is a queue, whatever is added and removed', async () => {
  const steps = fc.array(fc.oneof(
    { weight: 2, arbitrary: fc.nat(40).map(count => ({ push: count })) },
    { weight: 1, arbitrary: fc.nat(80).map(count => ({ shift: count })) }
  ), { maxLength: 30 })
  fc.assert(fc.property(steps, steps => {
    const ring = new Ring<{ value: number }>()
    const model: Array<{ value: number }> = []
    let value = 0
    for (const step of steps) {
      if ('push' in step) {
        for (let i = 0; i < step.push; i++) {
          const item = { value: value++ }
          ring.push(item)
          model.push(item)
        }
      } else {
        for (let i = 0; i < step.shift; i++) equal(ring.shift(), model.shift())
      }
      equal(ring.size, model.length)
      ok(ring.capacity <= Math.max(8, 4 * ring.size), 'capacity')
      deepStrictEqual(Array.from({ length: ring.size + 1 }, (_, index) => ring.at(index)), [...model, undefined])
    }
  }))
})

function ringItem (ring: Ring<object>): object {
  const item = {}
  ring.push(item)
  return item
}

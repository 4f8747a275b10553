import t from 'tap'
import { merge, WHOLE } from '../../lib/schema/merge.js'

const value = { a: 1, o: { x: 1, y: 2, z: 3 }, list: [{ x: 1, y: 2 }, 5] }

t.test('merges parts of a value', async t => {
  t.equal(merge(value, []), WHOLE)
  t.strictSame(merge(value, [{ a: 1 }]), { a: 1 })
  t.strictSame(merge(value, [{ a: 1 }, { o: {} }, {}]), { a: 1, o: {} })
  t.strictSame(merge(value, [{ a: 1, o: { x: 1 } }, { a: 1, o: { y: 2 } }]), { a: 1, o: { x: 1, y: 2 } })
  t.strictSame(merge(value, [{ list: [{ x: 1 }, 5] }, { list: [{ y: 2 }, 5] }]), { list: [{ x: 1, y: 2 }, 5] })
  t.equal(merge(1, [1, 1]), 1)
  t.equal(merge(null, [null, null]), null)
})

t.test('a part that is the whole value has all of it', async t => {
  t.equal(merge(value, [value, { a: 1 }]), value)
  t.equal(merge(value, [{ a: 1 }, value]), value)
  t.strictSame(merge(value, [{ o: value.o }, { o: { x: 1 } }]), { o: value.o })
})

t.test('changes neither the value nor the parts', async t => {
  const [one, other] = [{ o: { x: 1 }, a: 1 }, { o: { y: 2 }, list: value.list }]
  const before = structuredClone([value, one, other])
  merge(value, [one, other])
  t.strictSame([value, one, other], before)
})

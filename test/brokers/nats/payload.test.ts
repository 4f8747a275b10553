import fc from 'fast-check'
import t from 'tap'
import { decode, encodeLoss, encodeRecord, encodeStart } from '../../../lib/brokers/nats/payload.js'

const text = fc.string({ unit: fc.oneof(fc.constantFrom('\r', '\n', '\0', '\uFEFF', '\uD800', '\uDFFF', '"', '\\'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })) })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

t.test('what was written is read, whatever it is', async t => {
  fc.assert(fc.property(
    fc.record({ event: text, data: text, retry: maybe(fc.nat()), topic: maybe(text), key: maybe(text), tombstone: maybe(fc.boolean()), trace: maybe(text) }, { noNullPrototype: true }),
    record => { t.strictSame(decode(encodeRecord('term', record)), { term: 'term', record }) }
  ))
})

t.test('data is written as it is, and nothing else than what is there', async t => {
  t.equal(encodeRecord('t', { event: 'note', data: '{"a":"ä"}' }).toString(), '["t","note"]\n{"a":"ä"}')
  t.equal(encodeRecord('t', { event: 'note', data: '1', topic: 'a' }).toString(), '["t","note",null,"a"]\n1')
  t.equal(encodeRecord('t', { event: 'note', data: '1', trace: 'x' }).toString(), '["t","note",null,null,null,null,null,"x"]\n1')
})

t.test('the first message of a log of latest values is no record', async t => {
  t.strictSame(decode(encodeStart('t')), { term: 't', record: undefined })
})

t.test('the word of a loss is no record', async t => {
  t.strictSame(decode(encodeLoss('t')), { term: 't', record: undefined, isLoss: true })
})

t.test('what is not ours has no term, and is no record', async t => {
  for (const payload of ['', '\n', 'x', 'x\n', '{}\n', 'null\n', '[]\n', '[1,"note"]\n', '["t","note"]']) {
    t.strictSame(decode(Buffer.from(payload)), { term: undefined, record: undefined }, payload)
  }
})

t.test('reads a part of a larger buffer', async t => {
  const payload = encodeRecord('t', { event: 'note', data: 'x' })
  const larger = Buffer.concat([Buffer.from('["a","b"]\n'), payload])
  t.equal(decode(larger.subarray(10)).record?.event, 'note')
})

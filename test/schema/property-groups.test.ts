import { type TSchema, Type } from '@sinclair/typebox'
import t from 'tap'
import { GROUP_SIZE, groupProperties } from '../../lib/schema/property-groups.js'
import { compile, encode, errorOf, refusal } from '../helpers/payload.js'

/** An ajv with this option gets all properties of an object at once. */
const ungrouped = { ajv: { customOptions: { discriminator: true } } } as const

function numbered<Value> (count: number, value: (index: number) => Value): Record<string, Value> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, value(index)]))
}

const numbers = (count: number): Record<string, TSchema> => numbered(count, () => Type.Number())
const values = (count: number): Record<string, unknown> => numbered(count, index => index)

t.test('makes groups of the properties of a wide object, in their order, and leaves the rest with their names', async t => {
  const { definitions, ...schema } = groupProperties({
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: ['object'],
    nullable: true,
    required: ['f0'],
    additionalProperties: false,
    properties: numbered(2 * GROUP_SIZE + 1, minimum => ({ minimum })),
    definitions: { 1: { properties: numbered(GROUP_SIZE, () => true) } }
  })
  t.strictSame(schema, {
    $schema: 'http://json-schema.org/draft-07/schema#',
    allOf: [
      { type: ['object'], nullable: true, required: ['f0'], additionalProperties: false, properties: numbered(2 * GROUP_SIZE + 1, () => true) },
      { $ref: '#/definitions/group-1' },
      { $ref: '#/definitions/group-2' },
      { $ref: '#/definitions/group-3' }
    ]
  })
  const { 1: own, 'group-1': first, 'group-2': second, 'group-3': third, ...others } = definitions
  t.strictSame(others, {})
  t.strictSame(own, { properties: numbered(GROUP_SIZE, () => true) }, 'an object that is not wide stays as it is')
  t.strictSame(first, { type: ['object'], nullable: true, properties: numbered(GROUP_SIZE, minimum => ({ minimum })) })
  t.strictSame(Object.keys((second as typeof schema).properties!), Array.from({ length: GROUP_SIZE }, (_, index) => `f${GROUP_SIZE + index}`))
  t.strictSame(third, { type: ['object'], nullable: true, properties: { [`f${2 * GROUP_SIZE}`]: { minimum: 2 * GROUP_SIZE } } })
})

t.test('a payload may have ten thousand properties', async t => {
  const payload = values(10_000)
  const Wide = Type.Object(numbers(10_000), { additionalProperties: false })
  const { encode, decode } = compile(Wide)
  t.ok(encode(payload) === JSON.stringify(payload))
  t.strictSame(decode(JSON.stringify(payload)), payload)
  const refused: Array<[payload: object, problem: string]> = [
    [{ ...payload, f0: 'x' }, '/f0 should be number'],
    [{ ...payload, f9999: 'x' }, '/f9999 should be number'],
    [{ ...payload, f9999: undefined }, "the payload should have required property 'f9999'"],
    [{ ...payload, more: 1 }, 'the payload should not have properties that its schema does not declare']
  ]
  for (const [payload, problem] of refused) t.equal(errorOf(() => encode(payload)).message, `event 'price': ${problem}`)

  const unchecked = compile(Type.Object({ ...numbers(10_000), f9999: Type.Any() }), { validate: false })
  t.ok(unchecked.encode({ ...payload, more: 1 }) === JSON.stringify(payload))
})

t.test('what is said of a payload does not depend on the groups', async t => {
  const count = GROUP_SIZE + 50
  const [first, last] = ['f1', `f${count - 1}`] as const
  const good = values(count)
  const Wide = Type.Object(numbers(count))
  const cases: Array<[schema: object, payload: unknown]> = [
    [Wide, 1],
    [Wide, {}],
    [Wide, { ...good, [first]: 'x', [last]: 'x' }],
    [Wide, { ...good, [first]: 'x', [last]: undefined }],
    [Wide, { ...good, toJSON: () => {} }],
    [{ ...Wide, additionalProperties: false }, { ...good, [last]: 'x', more: 1 }],
    [{ ...Wide, patternProperties: { '9$': { maximum: 100 } } }, good],
    [{ ...Wide, nullable: true }, 1],
    [{ properties: Wide.properties }, { [last]: 'x' }],
    [Type.Object({ a: Type.Array(Wide) }), { a: [good, { ...good, [last]: 'x' }] }],
    [Type.Object({ ...numbers(count), [last]: Wide }), { ...good, [last]: { ...good, [last]: 'x' } }],
    [Type.Union([Wide, Type.Object({ kind: Type.Literal('x') })]), { ...good, [last]: 'x' }],
    [Type.Recursive(This => Type.Object({ ...numbers(count), [last]: Type.Array(This) })), { ...good, [last]: [good] }]
  ]
  for (const [schema, payload] of cases) t.equal(refusal(schema, payload), refusal(schema, payload, ungrouped))
})

t.test('takes what an object without groups would take', async t => {
  const count = GROUP_SIZE + 1
  const Wide = Type.Object(numbers(count))
  const json = JSON.stringify(values(count))
  t.equal(encode({ ...Wide, nullable: true }, null), 'null')
  t.equal(encode(Type.Union([Wide, Type.Null()]), values(count)), json)
  t.equal(encode({ properties: Wide.properties }, 'x'), '"x"')
  for (const option of ['strictRequired', 'strictTypes', 'strictTuples', 'allErrors']) {
    t.equal(encode(Wide, values(count), { ajv: { customOptions: { [option]: true } } }), json, option)
  }
  const At = Type.Transform(Type.String()).Decode(text => new Date(text)).Encode(date => date.toISOString())
  const codec = compile(Type.Object({ ...numbers(count), at: At }))
  const at = new Date(0)
  t.strictSame(codec.decode(codec.encode({ ...values(count), at })), { ...values(count), at })
})

import { Type } from '@sinclair/typebox'
import { type } from 'arktype'
import t from 'tap'
import * as v from 'valibot'
import { z } from 'zod'
import { eventStream } from '../../lib/index.js'
import { validator } from '../../lib/client/validate.js'

const schemas = {
  TypeBox: Type.Object({ symbol: Type.String(), prices: Type.Array(Type.Object({ value: Type.Number({ minimum: 0 }) })) }),
  Zod: z.object({ symbol: z.string(), prices: z.array(z.object({ value: z.number().min(0) })) }),
  Valibot: v.object({ symbol: v.string(), prices: v.array(v.object({ value: v.pipe(v.number(), v.minValue(0)) })) }),
  ArkType: type({ symbol: 'string', prices: type({ value: 'number >= 0' }).array() })
}

for (const [library, schema] of Object.entries(schemas)) {
  t.test(`checks what arrives by a schema of ${library}`, async t => {
    const validate = validator({ price: schema })
    await t.resolves(validate({ event: 'price', data: { symbol: 'ACME', prices: [{ value: 1 }] } }))
    await t.rejects(validate({ event: 'price', data: { symbol: 'ACME', prices: [{ value: 1 }, { value: -1 }] } }), {
      name: 'TypeError', message: /^event 'price': \/prices\/1\/value \S/
    })
    await t.rejects(validate({ event: 'price', data: null }), { message: /^event 'price': / })
  })
}

t.test('leaves alone what has no schema here', async t => {
  await t.resolves(validator({})({ event: 'halt', data: 1 }))
})

t.test('knows references, recursion, and the formats of JSON Schema', async t => {
  const Node = Type.Recursive(This => Type.Object({ children: Type.Array(This), at: Type.String({ format: 'date-time' }) }))
  const Shared = Type.Object({ value: Type.Number() }, { $id: 'https://example.com/shared' })
  const validate = validator({ tree: Node, shared: Type.Ref('https://example.com/shared') }, [Shared])
  const at = '2026-01-01T00:00:00Z'
  await t.resolves(validate({ event: 'tree', data: { at, children: [{ at, children: [] }] } }))
  await t.rejects(validate({ event: 'tree', data: { at, children: [{ at: 'today', children: [] }] } }), { message: /\/children\/0\/at / })
  await t.resolves(validate({ event: 'shared', data: { value: 1 } }))
  await t.rejects(validate({ event: 'shared', data: { value: '1' } }), { message: /\/value / })
})

t.test('takes a schema with an $id that is used in many places, as the server does', async t => {
  const Money = Type.Object({ amount: Type.Number() }, { $id: 'Money' })
  const Node = Type.Recursive(This => Type.Object({ name: Type.String(), children: Type.Array(This) }))
  const order = eventStream({
    order: Type.Object({ net: Money, gross: Type.Optional(Money) }),
    move: Type.Object({ from: Node, to: Type.Optional(Node), price: Type.Union([Money, Type.Null()]) })
  })
  const validate = validator(order.schemas)
  const money = { amount: 1 }
  const node = { name: 'a', children: [{ name: 'b', children: [] }] }
  await t.resolves(validate({ event: 'order', data: { net: money, gross: money } }))
  await t.rejects(validate({ event: 'order', data: { net: money, gross: { amount: '1' } } }), { message: /\/gross\/amount / })
  await t.resolves(validate({ event: 'move', data: { from: node, to: node, price: null } }))
  await t.rejects(validate({ event: 'move', data: { from: node, to: { name: 'a', children: [{ name: 'b', children: [1] }] }, price: money } }), {
    message: /\/to\/children\/0\/children\/0 /
  })
})

t.test('tells schemas with the same $id apart, and leaves them as they are', async t => {
  const small = Object.freeze(Type.Integer({ $id: 'Count', maximum: 9 }))
  const large = Object.freeze(Type.Integer({ $id: 'Count', minimum: 10 }))
  const validate = validator({ small, large })
  await t.resolves(validate({ event: 'small', data: 1 }))
  await t.resolves(validate({ event: 'large', data: 10 }))
  await t.rejects(validate({ event: 'large', data: 1 }))
})

t.test('follows references from one shared schema to another, and to what was met already', async t => {
  const Leaf = Type.Object({ value: Type.Number() }, { $id: 'Leaf' })
  const Pair = Type.Object({ left: Type.Ref('Leaf'), right: Type.Ref('Leaf#') }, { $id: 'Pair#' })
  const validate = validator({ pair: Type.Ref('Pair'), leaf: Type.Object({ one: Type.Ref('Leaf#/properties/value') }) }, [Leaf, Pair])
  await t.resolves(validate({ event: 'pair', data: { left: { value: 1 }, right: { value: 2 } } }))
  await t.rejects(validate({ event: 'pair', data: { left: { value: 1 }, right: { value: '2' } } }), { message: /\/right\/value / })
  await t.resolves(validate({ event: 'leaf', data: { one: 1 } }))
  await t.rejects(validate({ event: 'leaf', data: { one: '1' } }), { message: /\/one / })
})

t.test("takes the server's validator at its word, where JSON Schema says otherwise", async t => {
  const name = Type.Unsafe<string | null>({ type: 'string', nullable: true })
  const long = Type.Unsafe<string>({ $ref: '#/definitions/text', minLength: 3, definitions: { text: { type: 'string', pattern: '^a', anyOf: [true] } } })
  const validate = validator({ name, long })
  await t.resolves(validate({ event: 'name', data: null }))
  await t.rejects(validate({ event: 'name', data: 1 }))
  await t.resolves(validate({ event: 'long', data: 'abc' }))
  await t.rejects(validate({ event: 'long', data: 'ab' }), { message: /too short/ })
  await t.rejects(validate({ event: 'long', data: 'bbc' }), { message: /pattern/ })
})

t.test('reads a path of objects, as Standard Schema allows it', async t => {
  const schema = { '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ issues: [{ message: 'is wrong', path: [{ key: 'a' }, 0] }] }) } }
  await t.rejects(validator({ x: schema })({ event: 'x', data: 1 }), { message: "event 'x': /a/0 is wrong" })
})

t.test('refuses what is no schema', async t => {
  for (const wrong of [undefined, null, 'string', 1]) {
    t.throws(() => validator({ price: wrong as never }), { code: 'FST_ERR_SSE_CLIENT_OPTION', message: /^the schema of 'price' should be / })
  }
})

t.test('tells at once what it can never check', t => {
  const Shared = Type.Object({ other: Type.Ref('Elsewhere') }, { $id: 'Shared' })
  for (const [schema, shared, message] of [
    [Type.Object({ at: Type.Ref('Place') }), [], "the schema of 'price' can't be used: #/properties/at has the $ref 'Place', which is neither in it nor among those that are shared"],
    [Type.Ref('Shared'), [Shared], "the schema of 'price' can't be used: Shared#/properties/other has the $ref 'Elsewhere', which is neither in it nor among those that are shared"],
    [Type.String(), [Type.String()], 'a shared schema should have an $id, by which the others refer to it']
  ] as const) {
    t.throws(() => validator({ price: schema }, shared), { name: 'EventStreamError', code: 'FST_ERR_SSE_CLIENT_OPTION', message })
  }
  t.end()
})

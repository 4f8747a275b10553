import { Type } from '@sinclair/typebox'
import { type } from 'arktype'
import t from 'tap'
import * as v from 'valibot'
import { z } from 'zod'
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

t.test('reads a path of objects, as Standard Schema allows it', async t => {
  const schema = { '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ issues: [{ message: 'is wrong', path: [{ key: 'a' }, 0] }] }) } }
  await t.rejects(validator({ x: schema })({ event: 'x', data: 1 }), { message: "event 'x': /a/0 is wrong" })
})

t.test('refuses what is no schema', async t => {
  for (const wrong of [undefined, null, 'string', 1]) {
    t.throws(() => validator({ price: wrong as never }), { code: 'FST_ERR_SSE_CLIENT_OPTION', message: /^the schema of 'price' should be / })
  }
})

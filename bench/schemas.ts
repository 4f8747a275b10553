// How long the check and the encoding of one event take with the schemas of each library, in nanoseconds:
// node --import tsx bench/schemas.ts
import { Type } from '@sinclair/typebox'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import { Type as Type1 } from 'typebox'
import * as v from 'valibot'
import * as z from 'zod'
import { payloadCompiler } from '../lib/schema/compile.js'

const EVENTS = 300_000
const ROUNDS = 7

const valibot = v.object({ symbol: v.string(), value: v.number(), tags: v.array(v.string()) })
const schemas = {
  'TypeBox 0.34': Type.Object({ symbol: Type.String(), value: Type.Number(), tags: Type.Array(Type.String()) }),
  'typebox 1.x': Type1.Object({ symbol: Type1.String(), value: Type1.Number(), tags: Type1.Array(Type1.String()) }),
  ArkType: type({ symbol: 'string', value: 'number', tags: 'string[]' }),
  Zod: z.object({ symbol: z.string(), value: z.number(), tags: z.array(z.string()) }),
  'Valibot with toStandardJsonSchema': toStandardJsonSchema(valibot),
  Valibot: valibot
}
const compile = payloadCompiler({ sharedSchemas: {}, validate: true })
const codecs = Object.entries(schemas).map(([name, schema]) => ({ name, codec: compile(schema, { route: 'GET /', event: name }), times: [] as number[] }))

// By turns, so that the state of the machine is the same for all.
for (let round = 0; round < ROUNDS; round++) {
  for (const { codec, times } of codecs) {
    const start = process.hrtime.bigint()
    for (let value = 0; value < EVENTS; value++) codec.encode({ symbol: 'ACME', value, tags: ['a', 'b'] })
    times.push(Number(process.hrtime.bigint() - start) / EVENTS)
  }
}
for (const { name, times } of codecs) console.log(`${name}: ${Math.round(times.sort((a, b) => a - b)[ROUNDS >> 1] as number)} ns`)

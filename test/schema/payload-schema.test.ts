import { Type } from '@sinclair/typebox'
import { type } from 'arktype'
import t from 'tap'
import { Type as Type1 } from 'typebox'
import * as v from 'valibot'
import * as z from 'zod'
import { payloadJsonSchema } from '../../lib/schema/payload-schema.js'

t.test('gives what is on the wire', async t => {
  for (const schema of [Type.String(), Type1.String(), { type: 'string' }]) t.equal(payloadJsonSchema(schema as never), schema)
  const number = { $schema: 'http://json-schema.org/draft-07/schema#', type: 'number' }
  t.strictSame(payloadJsonSchema(z.string().transform(Number).pipe(z.number())), number)
  t.strictSame(payloadJsonSchema(type('string.numeric.parse')), number)
})

t.test('gives nothing where the library gives nothing', async t => {
  t.equal(payloadJsonSchema(v.string()), undefined)
  t.equal(payloadJsonSchema(z.date()), undefined, 'or what JSON does not have')
})

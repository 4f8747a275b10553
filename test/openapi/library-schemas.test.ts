import { Type } from '@sinclair/typebox'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import t from 'tap'
import { z } from 'zod'
import { eventStream } from '../../lib/index.js'
import { withJsonSchemas } from '../../lib/openapi/library-schemas.js'

const $schema = 'http://json-schema.org/draft-07/schema#'
const stream = eventStream({ tick: Type.Integer() })

/** A library that checks, but has no JSON Schema. */
const opaque: StandardSchemaV1<number> = { '~standard': { version: 1, vendor: 'opaque', validate: value => ({ value: value as number }) } }

t.test('what is taken and what is answered has the JSON Schema of its library', async t => {
  const Id = Type.Object({ id: Type.Integer() })
  t.strictSame(withJsonSchemas({
    body: z.object({ page: z.string().default('1') }),
    params: Id,
    headers: opaque,
    produces: ['text/event-stream'],
    response: {
      200: { description: 'Either', content: { 'text/event-stream': { schema: stream, 'x-mine': 1 }, 'application/json': { schema: z.string().transform(Number).pipe(z.number()) } } },
      '2xx': stream,
      404: z.object({}),
      410: { content: { 'text/html': { 'x-schema': 'none' } } },
      500: Id
    }
  }), {
    body: { $schema, type: 'object', properties: { page: { type: 'string', default: '1' } } },
    params: Id,
    headers: {},
    produces: ['text/event-stream'],
    response: {
      200: { description: 'Either', content: { 'text/event-stream': { schema: stream, 'x-mine': 1 }, 'application/json': { schema: { $schema, type: 'number' } } } },
      '2xx': stream,
      404: { $schema, type: 'object', properties: {}, additionalProperties: false },
      410: { content: { 'text/html': { 'x-schema': 'none', schema: undefined } } },
      500: Id
    }
  })
})

t.test('of what JSON does not have nothing is said', async t => {
  t.strictSame(withJsonSchemas({ response: { 200: z.object({ at: z.date() }) } }), { response: { 200: {} } })
})

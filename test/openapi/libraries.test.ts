import { Type as Type1 } from 'typebox'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import t from 'tap'
import { z } from 'zod'
import { eventStream } from '../../lib/index.js'
import { documentOf, type Document } from './document.js'

interface Nested { name: string, below: Nested[] }
const Category: z.ZodType<Nested> = z.object({ name: z.string(), get below () { return z.array(Category) } })

/** A library that checks, but has no JSON Schema. */
const opaque: StandardSchemaV1<number> = { '~standard': { version: 1, vendor: 'valibot', validate: value => ({ value: value as number }) } }

const events = eventStream({
  zod: z.object({ name: z.string().describe('Who') }),
  category: Category,
  typebox: Type1.Object({ value: Type1.Integer() }),
  opaque
})

async function dataOf (t: Parameters<typeof documentOf>[0], openapi: string): Promise<{ data: object[], document: Document }> {
  const document = await documentOf(t, openapi, app => {
    app.get('/', { schema: { response: { 200: events } } }, async function * () {})
  })
  const { schema, itemSchema } = document.paths['/']?.['get']?.responses['200']?.content?.['text/event-stream'] ?? {}
  const { oneOf } = (itemSchema ?? schema) as { oneOf: Array<{ properties: { data: object } }> }
  return { data: oneOf.map(({ properties }) => properties.data), document }
}

const json = (contentSchema?: object): object => ({ type: 'string', contentMediaType: 'application/json', ...contentSchema && { contentSchema } })

t.test('schemas of other libraries are documented as far as they have a JSON Schema', async t => {
  const { data, document } = await dataOf(t, '3.2.0')
  t.strictSame(data, [
    json({ type: 'object', required: ['name'], properties: { name: { type: 'string', description: 'Who' } }, additionalProperties: false }),
    json({ $ref: '#/components/schemas/def-0' }),
    json({ type: 'object', required: ['value'], properties: { value: { type: 'integer' } } }),
    json()
  ])
  t.strictSame(document.components.schemas, {
    'def-0': {
      title: 'category',
      type: 'object',
      required: ['name', 'below'],
      properties: { name: { type: 'string' }, below: { type: 'array', items: { $ref: '#/components/schemas/def-0' } } },
      additionalProperties: false
    }
  })
})

t.test('OpenAPI 3.0 says nothing of data of which nothing is known', async t => {
  const { data } = await dataOf(t, '3.0.3')
  t.strictSame(data.at(-1), {})
})

import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { eventStream } from '../../lib/index.js'
import { documentOf, type Document } from './document.js'

interface Meaning { title: string, properties: object }

const Thing = Type.Object({ name: Type.String() }, { $id: 'Thing' })
const Other = Type.Object({ size: Type.Number() }, { $id: 'Thing' })
const things = eventStream({ thing: Thing })

const declareStream = (app: FastifyInstance): void => {
  app.get('/stream', { schema: { response: { 200: things } } }, async function * () {})
}
const declareOrdinary = (schema: object) => (app: FastifyInstance): void => {
  app.post('/ordinary', { schema: { body: Type.Object({ it: schema as typeof Thing }) } }, async () => 'ok')
}

/** What the event's payload and the property of an ordinary body turn out to be. */
async function meanings (t: Test, ...declare: Array<(app: FastifyInstance) => void>): Promise<{ event: Meaning, it: Meaning, count: number }> {
  const { paths, components: { schemas } } = await documentOf(t, '3.1.0', app => { for (const each of declare) each(app) })
  const find = ({ $ref }: { $ref: string }): Meaning => schemas[$ref.slice('#/components/schemas/'.length)] as Meaning
  const { schema } = paths['/stream']?.['get']?.responses['200']?.content?.['text/event-stream'] as { schema: { oneOf: Array<{ properties: { data: { contentSchema: { $ref: string } } } }> } }
  const [event] = schema.oneOf
  const { requestBody } = paths['/ordinary']?.['post'] as unknown as { requestBody: Document['paths'][string][string]['responses'][string] }
  const { properties: { it } } = requestBody.content?.['application/json']?.schema as { properties: { it: { $ref: string } } }
  return { event: find(event!.properties.data.contentSchema), it: find(it), count: Object.keys(schemas).length }
}

for (const [order, ...declare] of [
  ['after', declareStream, declareOrdinary(Other)],
  ['before', declareOrdinary(Other), declareStream]
] as const) {
  t.test(`what has the $id of another schema, of an ordinary route ${order} it, is documented as itself`, async t => {
    const { event, it } = await meanings(t, ...declare)
    t.strictSame([event.title, event.properties], ['Thing', { name: { type: 'string' } }])
    t.strictSame([it.title, it.properties], ['Thing', { size: { type: 'number' } }])
  })

  t.test(`also that of a schema which is shared in another scope, ${order} it`, async t => {
    const shared = (app: FastifyInstance): void => {
      app.register(async scope => {
        scope.addSchema(Other)
        declareOrdinary(Type.Ref('Thing'))(scope)
      })
    }
    const { event, it } = await meanings(t, ...order === 'after' ? [declareStream, shared] : [shared, declareStream])
    t.strictSame([event.properties, it.properties], [{ name: { type: 'string' } }, { size: { type: 'number' } }])
  })
}

t.test('a schema that an ordinary route has too is written once', async t => {
  const { event, it, count } = await meanings(t, declareStream, declareOrdinary(Thing))
  t.strictSame([event, count], [it, 1])
})

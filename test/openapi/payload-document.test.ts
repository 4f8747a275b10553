import { Type } from '@sinclair/typebox'
import t from 'tap'
import { Components } from '../../lib/openapi/components.js'
import { documentPayload } from '../../lib/openapi/payload-document.js'
import type { Schema } from '../../lib/schema/json-schema.js'

interface Written { schema: Schema, isText: boolean, components: Record<string, Schema> }

/** Writes payloads into one document, each as the event of its name. */
function write (payloads: Record<string, object>, sharedSchemas: Record<string, object> = {}, form: '3.0' | '3.2' = '3.2'): Record<string, Written> {
  const components = new Components(() => new Map())
  return Object.fromEntries(Object.entries(payloads).map(([event, payload]) => {
    const definitions = new Map<string, Schema>()
    const document = documentPayload(payload as never, event, { form, sharedSchemas, components, definitions })
    return [event, { ...document, components: Object.fromEntries(definitions) }]
  }))
}

function writeOne (payload: object, sharedSchemas?: Record<string, object>): Written {
  return write({ one: payload }, sharedSchemas)['one'] as Written
}

const User = Type.Object({ name: Type.String() }, { $id: 'User' })
const Named = { $id: 'User', type: 'object', required: ['name'], properties: { name: { type: 'string' } } }

t.test('a schema is copied without what TypeBox adds', async t => {
  const payload = Type.Object({ at: Type.Transform(Type.String({ format: 'date-time' })).Decode(text => new Date(text)).Encode(date => date.toISOString()) }, { title: 'T', $schema: 'x' })
  const { schema } = writeOne(payload)
  t.strictSame(schema, { title: 'T', type: 'object', required: ['at'], properties: { at: { type: 'string', format: 'date-time' } } })
  t.strictSame(Object.getOwnPropertySymbols(schema), [])
  t.strictSame(Object.keys(payload), ['title', '$schema', 'type', 'required', 'properties'], 'the original is as it was')
})

t.test('what has an $id becomes a component, once', async t => {
  const { from, to } = write({ from: User, to: Type.Object({ users: Type.Array(User), more: Type.Optional(User) }) })
  t.strictSame(from, { schema: { $ref: 'User#' }, isText: false, components: { User: Named } })
  t.strictSame(to?.components, { User: Named })
  t.match(to?.schema, { properties: { users: { items: { $ref: 'User#' } }, more: { $ref: 'User#' } } })
})

t.test('different schemas with the same $id get different names, and keep their title', async t => {
  const { a, b, c } = write({
    a: Type.Object({ name: Type.String() }, { $id: 'Same' }),
    b: Type.Object({ name: Type.Number() }, { $id: 'Same' }),
    c: Type.Object({ name: Type.Boolean() }, { $id: 'Same', title: 'Mine' })
  }, { 'Same-2': {} })
  t.strictSame([a?.schema, b?.schema, c?.schema], [{ $ref: 'Same#' }, { $ref: 'Same-3#' }, { $ref: 'Same-4#' }])
  t.match(b?.components, { 'Same-3': { $id: 'Same-3', title: 'Same' } })
  t.match(c?.components, { 'Same-4': { $id: 'Same-4', title: 'Mine' } })
})

t.test('equal schemas that refer to different ones get different names', async t => {
  const group = Type.Object({ members: Type.Array(Type.Ref('User')) })
  const one = Type.Module({ User: Type.Object({ name: Type.String() }), Group: group })
  const other = Type.Module({ User: Type.Object({ nick: Type.String() }), Group: group })
  const { a, b } = write({ a: one.Import('Group'), b: other.Import('Group') })
  t.strictSame([a?.schema, b?.schema], [{ $ref: 'Group#' }, { $ref: 'Group-2#' }])
  t.match(a?.components, { Group: { properties: { members: { items: { $ref: 'User#' } } } }, User: { properties: { name: {} } } })
  t.match(b?.components, { 'Group-2': { properties: { members: { items: { $ref: 'User-2#' } } } }, 'User-2': { properties: { nick: {} } } })
})

t.test('recursive schemas refer to themselves', async t => {
  const Node = Type.Recursive(This => Type.Object({ below: Type.Array(This) }), { $id: 'Node' })
  const component = { Node: { $id: 'Node', type: 'object', required: ['below'], properties: { below: { type: 'array', items: { $ref: 'Node#' } } } } }
  const { tree, forest } = write({ tree: Node, forest: Type.Array(Node) })
  t.strictSame(tree?.components, component)
  t.strictSame(forest, { schema: { type: 'array', items: { $ref: 'Node#' } }, isText: false, components: component })
  t.strictSame(writeOne({ properties: { below: { $ref: '#' } } }), {
    schema: { $ref: 'one#' },
    isText: false,
    components: { one: { $id: 'one', properties: { below: { $ref: 'one#' } } } }
  })
})

t.test('local definitions become components by their own names', async t => {
  const { schema, components } = writeOne({
    $defs: { 'A/B c': { type: 'string' }, all: true, none: false },
    definitions: { anchored: { $id: '#anchor', type: 'number' } },
    items: [{ $ref: '#/$defs/A~1B%20c' }, { $ref: '#/$defs/all' }, { $ref: '#/$defs/none' }, { $ref: '#anchor' }]
  })
  t.strictSame(schema, { prefixItems: [{ $ref: 'A-1B-c#' }, { $ref: 'all#' }, { $ref: 'none#' }, { $ref: 'anchored#' }] })
  t.strictSame(components, {
    'A-1B-c': { $id: 'A-1B-c', title: 'A~1B c', type: 'string' },
    all: { $id: 'all' },
    none: { $id: 'none', not: {} },
    anchored: { $id: 'anchored', type: 'number' }
  })
})

t.test('shared schemas are referred to where they are, also by a copy', async t => {
  const shared = { User: { ...User }, 'Other#': { $id: 'Other#', properties: { a: { type: 'string' } } } }
  const { schema, components } = writeOne(Type.Object({
    user: Type.Ref('User'), name: Type.Ref('Other#/properties/a'), other: Type.Ref('Other'), again: Type.Ref('Other'), copy: User
  }), shared)
  t.match(schema, {
    properties: {
      user: { $ref: 'User#' },
      name: { $ref: 'Other#/properties/a' },
      other: { $ref: 'Other#' },
      again: { $ref: 'Other#' },
      copy: { $ref: 'User#' }
    }
  })
  t.strictSame(components, {})
})

t.test('what stands beside a $ref stays', async t => {
  t.strictSame(writeOne({ $ref: 'User', description: 'Who' }, { User }).schema, { description: 'Who', allOf: [{ $ref: 'User#' }] })
  t.strictSame(writeOne({ $ref: 'User', allOf: [{ minProperties: 1 }] }, { User }).schema, { allOf: [{ $ref: 'User#' }, { minProperties: 1 }] })
})

t.test('of what nobody can find nothing is said', async t => {
  t.strictSame(writeOne({ properties: { a: { $ref: 'nowhere' } } }).schema, { properties: { a: {} } })
  t.strictSame(writeOne({ $ref: 'nowhere' }), { schema: {}, isText: false, components: {} })
})

t.test('raw text is told from JSON', async t => {
  const html = { type: 'string', contentMediaType: 'text/html' }
  for (const [payload, isText] of [
    [html, true],
    [{ ...html, $id: 'Html' }, true],
    [{ $ref: 'Shared' }, true],
    [{ $ref: '#/$defs/html', $defs: { html } }, true],
    [{ type: 'string' }, false],
    [{ type: 'string', contentMediaType: 'application/json' }, false],
    [{ type: 'string', contentMediaType: 'application/problem+json; x' }, false],
    [{ contentMediaType: 'text/html' }, false]
  ] as const) {
    const written = writeOne(payload, { Shared: { $id: 'Shared', ...html } })
    t.equal(written.isText, isText, JSON.stringify(payload))
    if (isText) t.strictSame(written.schema, html)
  }
})

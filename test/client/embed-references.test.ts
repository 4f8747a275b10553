import { Type } from '@sinclair/typebox'
import { build } from 'esbuild'
import t from 'tap'
import { embedReferences } from '../../lib/client/embed-references.js'
import { openResource } from '../../lib/schema/reference.js'

const none = () => undefined
const string = { type: 'string' }

t.test('leaves out all $ids, and definitions that nothing refers to', t => {
  const Money = Type.Number({ $id: 'Money' })
  t.strictSame(embedReferences(Type.Object({ net: Money, gross: Money }, { $defs: { Unused: Money } }), none), {
    type: 'object',
    required: ['net', 'gross'],
    properties: { net: { type: 'number' }, gross: { type: 'number' } },
    definitions: {}
  })
  t.end()
})

t.test('a schema that refers to itself does so in the copy', t => {
  t.strictSame(embedReferences({ $id: 'Node', items: { $ref: 'Node' } }, none), { items: { $ref: '#' }, definitions: {} })
  t.strictSame(embedReferences({ items: { $id: 'Node', items: [{ $ref: 'Node' }, { $ref: '#' }] } }, none), {
    items: { items: [{ $ref: '#/definitions/1' }, { $ref: '#/definitions/1' }] },
    definitions: { 1: { items: [{ $ref: '#/definitions/1' }, { $ref: '#/definitions/1' }] } }
  })
  t.end()
})

t.test('what is shared is taken in, with what it refers to itself', t => {
  const shared = {
    Pair: { $id: 'Pair', items: { $ref: 'Leaf#' } },
    Leaf: { $id: 'Leaf', not: { $ref: '#/definitions/of' }, definitions: { of: false } }
  }
  const find = (id: string) => openResource(id, shared[id as keyof typeof shared])
  t.strictSame(embedReferences({ anyOf: [{ $ref: 'Pair' }, { $ref: 'Leaf' }] }, find), {
    anyOf: [{ $ref: '#/definitions/1' }, { $ref: '#/definitions/2' }],
    definitions: { 1: { items: { $ref: '#/definitions/2' } }, 2: { not: { $ref: '#/definitions/3' } }, 3: false }
  })
  t.end()
})

t.test('what stands beside a reference holds as well', t => {
  t.strictSame(embedReferences({ $ref: '#/definitions/text', minLength: 3, definitions: { text: string } }, none), {
    allOf: [{ minLength: 3 }, { $ref: '#/definitions/1' }], definitions: { 1: string }
  })
  t.end()
})

t.test('nullable becomes a type, where there are types', t => {
  t.strictSame(embedReferences({ items: [{ type: 'string', nullable: true }, { type: ['string'], nullable: true }, { type: 'string', nullable: false }, { nullable: true }] }, none), {
    items: [{ type: ['string', 'null'] }, { type: ['string', 'null'] }, string, {}], definitions: {}
  })
  t.end()
})

t.test('a reference that nothing answers is told with its place', t => {
  t.throws(() => embedReferences({ properties: { 'a/b': { $ref: 'Gone' } } }, none), {
    message: "#/properties/a~1b has the $ref 'Gone', which is neither in it nor among those that are shared"
  })
  t.end()
})

t.test('a page that checks what arrives loads the interpreter, and nothing of the server', async t => {
  const { metafile } = await build({
    entryPoints: ['lib/client/validate.ts'], bundle: true, platform: 'browser', format: 'esm', write: false, metafile: true
  })
  const loaded = new Set(Object.keys(metafile.inputs).map(path => path.replace(/.*node_modules\/((?:@[^/]+\/)?[^/]+)\/.*/, '$1')))
  t.strictSame([...loaded].sort(), [
    '@cfworker/json-schema', 'lib/client/embed-references.ts', 'lib/client/event-stream-error.ts', 'lib/client/validate.ts',
    'lib/schema/definitions.ts', 'lib/schema/json-schema.ts', 'lib/schema/reference.ts'
  ])
})

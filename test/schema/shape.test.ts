import t from 'tap'
import { constraintsOf, shapeOf } from '../../lib/schema/shape.js'

const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    name: { type: 'string', pattern: '^a', format: 'email', minLength: 1, anything: true },
    $ref: { const: 'format' },
    pair: { type: 'array', items: [{ type: 'number', minimum: 1 }, { $ref: '#/definitions/a' }], additionalItems: false }
  },
  required: ['name'],
  additionalProperties: false,
  propertyNames: { pattern: '^[a-z$]+$' },
  definitions: { a: { oneOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }], title: 'A' } }
}

t.test('keeps of a schema how a value is built', async t => {
  t.strictSame(shapeOf(schema), {
    type: 'object',
    properties: {
      name: { type: 'string' },
      $ref: { const: 'format' },
      pair: { type: 'array', items: [{ type: 'number' }, { $ref: '#/definitions/a' }], additionalItems: false }
    },
    required: ['name'],
    definitions: { a: { allOf: [{ anyOf: [{ type: 'string' }, { type: 'null' }] }] } }
  })
  t.strictSame(shapeOf({ allOf: [{ format: 'x' }], oneOf: [{}], additionalProperties: { format: 'x' } }), { allOf: [{}, { anyOf: [{}] }], additionalProperties: {} })
  t.strictSame(shapeOf({ type: 'string', contentMediaType: 'text/html' }), { type: 'string', contentMediaType: 'text/html' })
})

t.test('keeps what constrains a value, but no format', async t => {
  t.strictSame(constraintsOf(schema), {
    type: 'object',
    properties: {
      name: { type: 'string', pattern: '^a', minLength: 1 },
      $ref: { const: 'format' },
      pair: { type: 'array', items: [{ type: 'number', minimum: 1 }, { $ref: '#/definitions/a' }], additionalItems: false }
    },
    required: ['name'],
    additionalProperties: false,
    propertyNames: { pattern: '^[a-z$]+$' },
    definitions: { a: { oneOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }] } }
  })
})

t.test('leaves the schema alone', async t => {
  const before = structuredClone(schema)
  shapeOf(schema)
  constraintsOf(schema)
  t.strictSame(schema, before)
})

import t from 'tap'
import { toDialect } from '../../lib/openapi/dialect.js'

const A = { type: 'string' }
const B = { type: 'number' }

for (const form of ['3.1', '3.2'] as const) {
  t.test(`OpenAPI ${form} has the draft 2020-12`, async t => {
    for (const [name, schema, expected] of [
      ['a tuple', { items: [A, B], additionalItems: false }, { prefixItems: [A, B], items: false }],
      ['an open tuple', { items: [A] }, { prefixItems: [A] }],
      ['a list, to which additionalItems means nothing', { items: A, additionalItems: false }, { items: A }],
      ['dependencies', { dependencies: { a: ['b'], c: A } }, { dependentRequired: { a: ['b'] }, dependentSchemas: { c: A } }],
      ['all else', { const: 1, examples: [1], if: A, exclusiveMinimum: 0 }, { const: 1, examples: [1], if: A, exclusiveMinimum: 0 }]
    ] as const) {
      t.strictSame(toDialect(schema as never, form), expected, name)
    }
  })
}

t.test('OpenAPI 3.0 has a dialect of its own', async t => {
  for (const [name, schema, expected] of [
    ['what it does not know is left out', { type: 'object', if: A, then: B, propertyNames: A, properties: {} }, { type: 'object', properties: {} }],
    ['extensions stay', { 'x-mine': 1 }, { 'x-mine': 1 }],
    ['a constant', { const: 1 }, { enum: [1] }],
    ['one of the examples', { examples: [1, 2] }, { example: 1 }],
    ['an example of its own counts first', { example: 3, examples: [1, 2] }, { example: 3 }],
    ['no examples', { examples: [] }, {}],
    ['a media type', { type: 'string', contentMediaType: 'text/html' }, { type: 'string', 'x-content-media-type': 'text/html' }],
    ['bounds', { exclusiveMinimum: 0, exclusiveMaximum: 9, minimum: -1 }, { exclusiveMinimum: true, exclusiveMaximum: true, minimum: 0, maximum: 9 }],
    ['bounds in its own way', { exclusiveMinimum: true, minimum: 0 }, { exclusiveMinimum: true, minimum: 0 }],
    ['a tuple', { type: 'array', items: [A, true] }, { type: 'array', items: { anyOf: [A, {}] } }],
    ['an empty tuple', { type: 'array', items: [] }, { type: 'array', items: {} }],
    ['a list of anything', { type: 'array' }, { type: 'array', items: {} }],
    ['a list of nothing', { type: 'array', items: false }, { type: 'array', items: { not: {} } }],
    ['booleans', { properties: { a: true, b: A }, anyOf: [true, false], not: false, additionalProperties: false },
      { properties: { a: {}, b: A }, anyOf: [{}, { not: {} }], not: { not: {} }, additionalProperties: false }]
  ] as const) {
    t.strictSame(toDialect(schema as never, '3.0'), expected, name)
  }
})

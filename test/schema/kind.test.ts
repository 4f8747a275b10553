import { Type } from '@sinclair/typebox'
import { type } from 'arktype'
import t from 'tap'
import { Type as Type1 } from 'typebox'
import * as v from 'valibot'
import * as z from 'zod'
import { isStandardSchema, schemaFault } from '../../lib/schema/kind.js'

t.test('takes schemas of TypeBox, of libraries with Standard Schema, and JSON Schema', async t => {
  const standard = [z.string(), v.string(), type('string')]
  const json = [Type.String(), Type.Unsafe({}), Type1.String(), Type1.Unsafe({}), { type: 'string' }, Object.create(null)]
  for (const schema of [...standard, ...json]) {
    t.equal(schemaFault(schema), undefined)
    t.equal(isStandardSchema(schema), standard.includes(schema))
  }
})

t.test('says what else it got', async t => {
  const cases: Array<[value: unknown, fault: string]> = [
    [undefined, "instead got 'undefined'"],
    [null, "instead got 'null'"],
    ['string', "instead got 'string'"],
    [[], "instead got 'Array'"],
    [new Date(), "instead got 'Date'"],
    [String, "instead got 'function String'"],
    [new (class Schema { validate (): void {} })(), "instead got 'Schema'"]
  ]
  for (const [value, fault] of cases) t.equal(schemaFault(value), fault)
})

t.test('refuses another version of the standard', async t => {
  const validate = (): object => ({ value: 1 })
  for (const standard of [{ version: 2, validate }, { version: 1 }, null, 1]) {
    t.equal(schemaFault({ '~standard': standard }), 'instead got one of another version of Standard Schema than 1')
  }
  t.equal(schemaFault({ '~standard': { version: 1, vendor: 'own', validate } }), undefined)
})

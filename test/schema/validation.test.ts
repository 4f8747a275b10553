import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type } from 'arktype'
import t from 'tap'
import * as v from 'valibot'
import * as z from 'zod'
import { compileValidation, PayloadRefusal, type ValidationContext } from '../../lib/schema/validation.js'

const context: ValidationContext = { words: new Set(['a', 'b', 'number']), explain: () => undefined, isClosed: false, takesOnlyNull: () => undefined }

/** A schema of no library. */
function schemaOf (validate: (data: unknown) => unknown): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'own', validate: validate as never } }
}

function refusal (schema: StandardSchemaV1, data: unknown, more: Partial<ValidationContext> = {}): PayloadRefusal {
  try {
    compileValidation(schema, { ...context, ...more })(data)
  } catch (error) {
    if (error instanceof PayloadRefusal) return error
    throw error
  }
  throw new Error('nothing was refused')
}

t.test('gives what the schema makes of a payload', async t => {
  for (const schema of [z.string().transform(Number), v.pipe(v.string(), v.transform(Number)), type('string').pipe(Number)]) {
    t.equal(compileValidation(schema, context)('12'), 12)
  }
})

t.test('says where a payload is wrong, and no word of it', async t => {
  const secret = 'a secret'
  const cases: Array<[schema: StandardSchemaV1, data: unknown, problem: string]> = [
    [z.object({ a: z.array(z.number()) }), { a: [1, secret] }, '/a/1 should be number'],
    [z.object({ a: z.string().refine(() => false, { error: ({ input }) => `not ${input}` }) }), { a: secret }, '/a should be what its schema takes'],
    [z.record(z.string(), z.number()), { [secret]: secret }, '/* should be number'],
    [z.strictObject({}), { [secret]: 1 }, 'the payload should be what its schema takes'],
    [v.object({ a: v.tuple([v.number()]) }), { a: [secret] }, '/a/0 should be number'],
    [v.object({ a: v.object({}) }), { a: secret }, '/a should be what its schema takes'],
    [v.pipe(v.string(), v.rawCheck(({ addIssue, dataset }) => { addIssue({ expected: String(dataset.value) }) })), secret, 'the payload should be what its schema takes'],
    [type({ a: 'number' }), { a: secret }, '/a should be what its schema takes'],
    [type('string').narrow((text, context) => context.reject({ expected: text })), secret, 'the payload should be what its schema takes'],
    [schemaOf(() => ({ issues: [] })), secret, 'the payload should be what its schema takes'],
    [schemaOf(() => ({ issues: [{ message: secret, path: ['a', { key: 0 }, Symbol(secret), 'b'] }] })), { a: [{}] }, '/a/0/*/b should be what its schema takes']
  ]
  for (const [schema, data, problem] of cases) t.equal(refusal(schema, data).problem, problem)
})

t.test('says rather what explains it', async t => {
  t.equal(refusal(z.number(), 'x', { explain: data => `${String(data)} is wrong` }).problem, 'x is wrong')
})

t.test('refuses what JSON does not have, unless a JSON Schema says that there is none', async t => {
  const schema = z.object({ a: z.any() })
  t.equal(refusal(schema, { a: new Date() }).problem, "/a should be a value that JSON has, instead got 'Date'")
  t.equal(refusal(schema, { a: { secret: 10n } }).problem, "/a/* should be a value that JSON has, instead got 'bigint'")
  t.strictSame(compileValidation(schema, { ...context, isClosed: true })({ a: new Date(0) }), { a: new Date(0) })
})

t.test('takes no payload for null, where nothing else is taken', async t => {
  const asked: boolean[] = []
  const takesOnlyNull = () => asked.push(true) > 0
  const check = compileValidation(z.null().transform(() => 'none'), { ...context, takesOnlyNull })
  t.equal(check(null), 'none')
  t.strictSame(asked, [])
  t.equal(check(undefined), 'none')
  t.equal(check(undefined), 'none')
  t.strictSame(asked, [true], 'it is asked once')
  t.equal(refusal(z.null(), undefined, { takesOnlyNull: () => false }).problem, 'the payload should be what its schema takes')
})

t.test('asks a schema itself whether it takes null for no payload, where no JSON Schema tells', async t => {
  t.equal(compileValidation(v.null(), context)(undefined), null)
  t.equal(compileValidation(type('null'), context)(undefined), null)
  t.equal(compileValidation(v.optional(v.null(), null), context)(undefined), null)
  t.equal(refusal(v.any(), undefined).problem, "the payload should be a value that JSON has, instead got 'undefined'")
  t.equal(refusal(v.number(), undefined).problem, 'the payload should be number')
  const failure = new Error('a secret')
  const throwing = schemaOf(data => { if (data === null) throw failure; return { issues: [] } })
  t.equal(refusal(throwing, undefined).problem, 'the payload should be what its schema takes')
})

t.test('does not wait for a promise, and does not let it end the process', async t => {
  const problem = 'the payload should be checked at once, but its schema is asynchronous, or has thrown: events can\'t wait for a promise'
  const schemas: StandardSchemaV1[] = [
    z.string().refine(async () => true),
    v.pipeAsync(v.string(), v.checkAsync(async () => true)),
    z.string().transform(() => { throw new Error('a secret') }),
    schemaOf(async () => { throw new Error('a secret') })
  ]
  for (const schema of schemas) t.equal(refusal(schema, 'x').problem, problem)
  await new Promise(setImmediate)
})

t.test('keeps what a schema throws', async t => {
  const failure = new Error('a secret')
  for (const schema of [v.pipe(v.string(), v.transform(() => { throw failure })), schemaOf(() => { throw failure })]) {
    const { problem, cause } = refusal(schema, 'x')
    t.equal(problem, 'the payload should be a value that its schema takes, but that threw')
    t.equal(cause, failure)
  }
})

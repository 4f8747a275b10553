import { Type } from '@sinclair/typebox'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import Fastify from 'fastify'
import t from 'tap'
import { Type as Type1 } from 'typebox'
import * as v from 'valibot'
import * as z from 'zod'
import { payloadCompiler } from '../../lib/schema/compile.js'
import { compile, encode, errorOf, refusal, schemaProblem } from '../helpers/payload.js'

const Price = Type.Object({ symbol: Type.String(), value: Type.Number() })

t.test('serializes a payload, and drops what its schema does not declare', async t => {
  t.equal(encode(Price, { symbol: 'ACME', value: 1.5, secret: 'x' }), '{"symbol":"ACME","value":1.5}')
})

t.test('serializes what a schema leaves open', async t => {
  t.equal(encode(Type.Any(), { a: [1, null, 'x'] }), '{"a":[1,null,"x"]}')
  t.equal(encode(Type.Object({ a: Type.Any() }), { a: [1, null, 'x'], b: 1 }), '{"a":[1,null,"x"]}')
})

t.test('refuses a payload that its schema does not allow', async t => {
  const { code, statusCode, message } = errorOf(() => encode(Price, { symbol: 'ACME', value: '1' }))
  t.strictSame({ code, statusCode, message }, {
    code: 'FST_ERR_SSE_INVALID_EVENT',
    statusCode: 500,
    message: "event 'price': /value should be number"
  })
})

t.test('names the route and the event of a schema that can not be compiled, and keeps the cause', async t => {
  const error = errorOf(() => compile(Type.String({ pattern: '(' })))
  t.equal(error.code, 'FST_ERR_SSE_SCHEMA_BUILD')
  t.equal(error.message, 'GET /prices: the schema of event \'price\' can\'t be compiled: Invalid regular expression: /(/u: Unterminated group')
  t.type(error.cause, Error)
})

t.test('names a problem that is no error', async t => {
  const schema = { get type () { throw 'of an unusual kind' } } // eslint-disable-line no-throw-literal
  t.equal(schemaProblem(schema), 'string')
})

t.test('has the formats of the validator of Fastify', async t => {
  const formats: Record<string, [good: string, bad: string]> = {
    date: ['2024-02-29', '2023-02-29'],
    time: ['12:34:56Z', '12:34'],
    'date-time': ['2024-01-02T03:04:05.678+01:00', '2024-01-02'],
    'iso-time': ['12:34:56', '25:00:00'],
    'iso-date-time': ['2024-01-02 03:04:05', '2024-01-02'],
    duration: ['P1DT2H', '1 day'],
    uri: ['https://example.com/a?b#c', '/a'],
    'uri-reference': ['/a?b#c', '\\a'],
    'uri-template': ['/a/{b}', '/a/{b'],
    url: ['https://example.com/', 'example'],
    email: ['a@example.com', 'example.com'],
    hostname: ['example.com', '-example-'],
    ipv4: ['127.0.0.1', '256.0.0.1'],
    ipv6: ['::1', '1::2::3'],
    regex: ['^a+$', '^('],
    uuid: ['123e4567-e89b-12d3-a456-426614174000', '123e4567'],
    'json-pointer': ['/a/0', 'a'],
    'json-pointer-uri-fragment': ['#/a', '/a'],
    'relative-json-pointer': ['1/a', '/a'],
    byte: ['aGk=', 'a'],
    password: ['x', ''],
    binary: ['x', '']
  }
  for (const [format, [good, bad]] of Object.entries(formats)) {
    const schema = Type.Object({ at: Type.String({ format }) })
    t.equal(encode(schema, { at: good }), JSON.stringify({ at: good }), format)
    if (bad !== '') t.equal(refusal(schema, { at: bad }), `/at should match format "${format}"`)
  }
  for (const [format, good, bad] of [['int32', 1, 2 ** 40], ['int64', 2 ** 40, 1.5], ['float', 1.5, ''], ['double', 1.5, '']] as const) {
    t.equal(encode(Type.Number({ format }), good), String(good), format)
    if (bad !== '') t.equal(refusal(Type.Number({ format }), bad), `the payload should match format "${format}"`)
  }

  let known: string[] = []
  const app = Fastify({ ajv: { onCreate: ajv => { known = Object.keys(ajv.formats) } } })
  t.teardown(() => app.close())
  app.get('/', { schema: { querystring: Type.Object({}) } }, () => {})
  await app.ready()
  t.strictSame(known.sort(), [...Object.keys(formats), 'int32', 'int64', 'float', 'double'].sort(), 'that is all of them')
})

t.test('refuses a format that nobody knows', async t => {
  const problem = "#/properties/at has the format 'nope', which is unknown; add it to the server's ajv option"
  const schema = Type.Object({ at: Type.String({ format: 'nope' }) })
  t.equal(schemaProblem(schema), problem)
  t.equal(schemaProblem(schema, { ajv: { customOptions: { strict: false } } }), problem, 'also without strict mode')
  t.equal(encode(schema, { at: 'x' }, { ajv: { customOptions: { validateFormats: false } } }), '{"at":"x"}', 'unless none is checked')
})

t.test("knows the formats and keywords of the server's ajv option", async t => {
  const even = { keyword: 'even', type: 'number', validate: (_: boolean, data: number) => data % 2 === 0 } as const
  t.equal(refusal(Type.String({ format: 'shout' }), 'quiet', {
    ajv: { customOptions: { formats: { shout: /^[A-Z]+$/ } } }
  }), 'the payload should match format "shout"')
  t.equal(refusal(Type.Number({ even: true }), 3, {
    ajv: { plugins: [ajv => ajv.addKeyword(even)] }
  }), "the payload should pass the keyword 'even'")
  t.equal(refusal(Type.Number({ even: true }), 3, {
    ajv: { onCreate: ajv => { ajv.addKeyword(even) } }
  }), "the payload should pass the keyword 'even'")
})

t.test("does not mind options of the server's ajv that are for something else", async t => {
  const ajv = { mode: 'JTD', customOptions: { jsPropertySyntax: true, messages: false, verbose: true } } as never
  t.equal(refusal(Type.Object({ a: Type.Array(Type.String()) }), { a: [1] }, { ajv }), '/a/0 should be string')
})

t.test("never changes a payload, whatever the server's ajv option says", async t => {
  const schema = Type.Object({ count: Type.Integer({ default: 7 }), list: Type.Array(Type.String()) }, { additionalProperties: false })
  const ajv = { customOptions: { coerceTypes: true, useDefaults: true, removeAdditional: 'all' } as const }
  const payload = Object.freeze({ count: 1, list: Object.freeze(['a']) })
  t.equal(encode(schema, payload, { ajv }), '{"count":1,"list":["a"]}')
  t.equal(refusal(schema, { count: '1', list: [] }, { ajv }), '/count should be integer')
  t.equal(refusal(schema, { list: [] }, { ajv }), "the payload should have required property 'count'")
  t.equal(refusal(schema, { count: 1, list: 'a' }, { ajv }), '/list should be array')
  t.equal(refusal(schema, { count: 1, list: [], more: 1 }, { ajv }), 'the payload should not have properties that its schema does not declare')
})

t.test('refuses numbers that JSON does not have', async t => {
  for (const ajv of [{}, { customOptions: { strictNumbers: false } }]) {
    for (const number of [NaN, Infinity, -Infinity]) {
      t.equal(refusal(Type.Object({ n: Type.Number() }), { n: number }, { ajv }), '/n should be number')
      t.equal(refusal(Type.Integer(), number, { ajv }), 'the payload should be integer')
    }
  }
})

t.test('checks the properties of a wide object together where an option of ajv needs them together', async t => {
  const numbers = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`f${index}`, Type.Optional(Type.Number())]))
  const Low = Type.Object({ limit: Type.Number(), inner: Type.Object({ low: Type.Unsafe({ type: 'number', minimum: { $data: '2/limit' } }), ...numbers }) })
  t.equal(refusal(Low, { limit: 5, inner: { low: 4 } }, { ajv: { customOptions: { $data: true } } }), "/inner/low should pass the keyword 'minimum'")
  const tagged = { type: 'object', discriminator: { propertyName: 'kind' }, required: ['kind'], oneOf: [Type.Object({ ...numbers, kind: Type.Literal('x') })] }
  t.equal(refusal(tagged, { kind: 'y' }, { ajv: { customOptions: { discriminator: true } } }), "the payload should have the tag of an alternative in 'kind'")
})

t.test('takes a schema as ajv takes it without strict mode for types', async t => {
  t.equal(encode({ properties: { a: { minimum: 1 } } }, { a: 1, b: 2 }), '{"a":1}')
  t.equal(encode({ type: ['string', 'number'], items: {} }, 'a'), '"a"')
})

t.test('refuses a keyword that nobody knows, but not an annotation of OpenAPI', async t => {
  t.equal(encode({ type: 'string', example: 'a' }, 'a'), '"a"')
  t.equal(schemaProblem({ type: 'string', minLenght: 1 }), 'strict mode: unknown keyword: "minLenght"')
  t.equal(encode({ type: 'string', minLenght: 1 }, 'a', { ajv: { customOptions: { strict: false } } }), '"a"')
})

t.test('creates one ajv for all schemas, and another for property names that every object has', async t => {
  let created = 0
  const compile = payloadCompiler({ sharedSchemas: {}, validate: true, ajv: { onCreate: () => { created++ } } })
  for (let count = 0; count < 100; count++) {
    compile(Type.Object({ [`name ${count}`]: Type.Optional(Type.String()) }, { $id: 'Same' }), { route: 'GET /', event: 'e' })
  }
  t.equal(created, 1)
  for (let count = 0; count < 3; count++) {
    compile(Type.Object({ constructor: Type.Optional(Type.String()) }), { route: 'GET /', event: 'e' })
  }
  t.equal(created, 2)
})

t.test('does not take what every object has for a property', async t => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__']) {
    const required = Type.Object({ [name]: Type.Any() })
    const optional = Type.Object({ [name]: Type.Optional(Type.Union([Type.String(), Type.Object({})])), a: Type.Optional(Type.Number()) })
    t.equal(refusal(required, {}), `the payload should have required property '${name}'`)
    t.equal(encode(optional, {}), '{}')
    t.equal(encode(optional, { [name]: 'x', b: 1 }), `{"${name}":"x"}`)
    t.equal(encode(optional, {}, { validate: false }), '{}')
  }
})

t.test('without the check', async t => {
  const schemas = {
    'by fast-json-stringify': Price,
    'by projection': Type.Object({ ...Price.properties, more: Type.Optional(Type.Any()) })
  }
  for (const [how, schema] of Object.entries(schemas)) {
    const { encode } = compile(schema, { validate: false })

    t.test(`drops what is not declared, ${how}`, async t => {
      t.equal(encode({ symbol: 'ACME', value: 1, secret: 'x' }), '{"symbol":"ACME","value":1}')
    })

    t.test(`sends or refuses what does not satisfy the schema, but never more than is declared, ${how}`, async t => {
      const secret = 'a secret'
      const payloads = [
        undefined, null, 1, 'x', true, 10n, Symbol('x'), () => {}, [], [secret], {}, new Date(0), new Map([[secret, 1]]), new Error('x'),
        { symbol: 'a' }, { symbol: 1, value: secret.length }, { symbol: { toString: () => 'x', secret }, value: 1 },
        { symbol: 'a', value: { secret } }, { symbol: 'a', value: [{ secret }] }, { symbol: 'a', value: 10n }
      ]
      for (const payload of payloads) {
        let json = ''
        try {
          json = encode(payload)
        } catch (error) {
          t.equal((error as { code: string }).code, 'FST_ERR_SSE_INVALID_EVENT')
          t.notMatch((error as Error).message, secret)
        }
        t.notMatch(json, secret)
      }
    })
  }

  t.test('still compiles schemas at once, so that a wrong one fails at registration', async t => {
    t.equal(schemaProblem(Type.String({ format: 'nope' }), { validate: false }), "# has the format 'nope', which is unknown; add it to the server's ajv option")
    t.equal(schemaProblem(Type.Number({ minimum: 'x' as never }), { validate: false }), 'schema is invalid: data/minimum must be number')
  })

  t.test('does not keep what fast-json-stringify threw, which repeats the payload', async t => {
    const { code, message, cause } = errorOf(() => encode(Price, { symbol: 'a', value: 'secret' }, { validate: false }))
    t.equal(code, 'FST_ERR_SSE_INVALID_EVENT')
    t.equal(message, "event 'price': the payload should be representable as JSON, but that fails")
    t.equal(cause, undefined)
  })
})

t.test('checks what a schema of typebox 1.x asks for beyond JSON Schema', async t => {
  const Even = Type1.Refine(Type1.Number(), value => value % 2 === 0)
  t.equal(encode(Even, 2), '2')
  t.equal(refusal(Even, 3), 'the payload should be what its Refine takes')
})

t.test('a Standard Schema', async t => {
  const zod = z.object({ symbol: z.string(), value: z.number().min(0) })
  const valibot = toStandardJsonSchema(v.object({ symbol: v.string(), value: v.pipe(v.number(), v.minValue(0)) }))
  const arktype = type({ symbol: 'string', value: 'number >= 0' })

  t.test('checks a payload, and its JSON Schema says what is declared, and what was wrong', async t => {
    for (const schema of [zod, valibot, arktype]) {
      t.equal(encode(schema, { symbol: 'ACME', value: 1, secret: 'x' }), '{"symbol":"ACME","value":1}')
      t.equal(refusal(schema, { symbol: 'ACME', value: 'secret' }), '/value should be number')
      t.equal(refusal(schema, { symbol: 'ACME', value: -1 }), '/value should be >= 0')
      t.equal(refusal(schema, { symbol: 'ACME' }), "the payload should have required property 'value'")
      t.strictSame(compile(schema).decode('{"symbol":"ACME","value":1}'), { symbol: 'ACME', value: 1 })
      t.equal(errorOf(() => compile(schema).decode('{"symbol":1,"value":1}')).message, "the stored event 'price': /symbol should be string")
    }
  })

  t.test('without JSON Schema says itself what is left of a payload, and what is stored is only read', async t => {
    t.equal(encode(v.object({ a: v.string() }), { a: 'x', b: 1 }), '{"a":"x"}')
    t.equal(encode(v.looseObject({ a: v.string() }), { a: 'x', b: 1 }), '{"a":"x","b":1}')
    t.equal(refusal(v.object({ a: v.string() }), { a: 1 }), '/a should be string')
    t.equal(encode(z.looseObject({ a: z.string() }), { a: 'x', b: 1 }), '{"a":"x","b":1}', 'as does one that declares whatever comes')
    t.equal(compile(v.number()).decode('"x"'), 'x')
  })

  t.test('may change what is sent, and is not asked for the way back', async t => {
    const schemas = [
      z.object({ at: z.date().transform(date => date.getTime()), note: z.string().default('none') }),
      toStandardJsonSchema(v.object({ at: v.pipe(v.date(), v.transform(date => date.getTime())), note: v.optional(v.string(), 'none') })),
      type({ at: type('Date').pipe(date => date.getTime()), note: "string = 'none'" })
    ]
    for (const schema of schemas) {
      const { encode, decode } = compile(schema)
      t.equal(encode({ at: new Date(5), more: 1 }), '{"at":5,"note":"none"}')
      t.strictSame(decode('{"at":5,"note":"none"}'), { at: 5, note: 'none' })
    }
  })

  t.test('may not make what JSON does not have', async t => {
    const advice = 'which JSON does not have; transform it to what JSON has, such as a string'
    t.equal(schemaProblem(z.object({ at: z.date() })), `#/properties/at has the type 'date', ${advice}`)
    t.equal(schemaProblem(toStandardJsonSchema(v.array(v.bigint()))), `#/items has the type 'bigint', ${advice}`)
    t.equal(schemaProblem(type({ at: 'string.date.parse' })), `#/properties/at has the type 'Date', ${advice}`)
    for (const schema of [v.object({ at: v.date() }), z.object({ at: z.any() })]) {
      t.equal(refusal(schema, { at: new Date() }), "/at should be a value that JSON has, instead got 'Date'")
    }
  })

  t.test('has to keep its own JSON Schema', async t => {
    const schema = z.string().transform(Number).meta({ type: 'string' })
    t.equal(refusal(schema, '12'), 'the payload should be string')
    t.equal(refusal(type('number'), Infinity), 'the payload should be number', 'where that is narrower')
  })

  t.test('may refuse what its JSON Schema allows', async t => {
    const lower = z.object({ a: z.array(z.string().refine(text => text === text.toLowerCase(), { error: ({ input }) => `${input} is too loud` })) })
    t.equal(refusal(lower, { a: ['x', 'SECRET'] }), '/a/1 should be what its schema takes')
  })

  t.test('is not the worse for formats and patterns that only its library knows', async t => {
    t.equal(encode(z.object({ time: z.iso.time(), id: z.cuid2(), token: z.jwt().optional() }), { time: '12:00', id: 'tz4a98xxat96iws9zmbrgj3a' }), '{"time":"12:00","id":"tz4a98xxat96iws9zmbrgj3a"}')
    t.equal(refusal(v.pipe(v.string(), v.regex(/^[\w-.]$/)), '/'), 'the payload should be /^[\\w-.]$/')
    t.equal(refusal(toStandardJsonSchema(v.pipe(v.string(), v.regex(/^[\w-.]$/))), '/'), 'the payload should be what its schema takes')
  })

  t.test('may be null, a text, recursive, and a choice', async t => {
    for (const schema of [z.null(), toStandardJsonSchema(v.null()), type('null')]) t.equal(encode(schema, undefined), 'null')
    const html = compile(z.string().meta({ contentMediaType: 'text/html' }))
    t.equal(html.text, true)
    t.equal(html.encode('<b>'), '<b>')

    const tree: z.ZodType = z.lazy(() => z.object({ below: z.array(tree) }))
    const trees = [
      tree,
      toStandardJsonSchema(v.object({ below: v.array(v.lazy(() => v.object({ below: v.array(v.any()) }))) })),
      type.module({ tree: { below: 'tree[]' } }).tree
    ]
    for (const schema of trees) t.equal(encode(schema, { x: 1, below: [{ below: [], x: 1 }] }), '{"below":[{"below":[]}]}')

    const choices = [
      z.discriminatedUnion('kind', [z.object({ kind: z.literal('a'), x: z.string() }), z.object({ kind: z.literal('b'), y: z.number() })]),
      toStandardJsonSchema(v.variant('kind', [v.object({ kind: v.literal('a'), x: v.string() }), v.object({ kind: v.literal('b'), y: v.number() })])),
      type({ kind: "'a'", x: 'string' }).or({ kind: "'b'", y: 'number' })
    ]
    for (const schema of choices) t.equal(encode(schema, { kind: 'b', y: 1, x: 'secret' }), '{"kind":"b","y":1}')
  })

  t.test('checks also where nothing is checked, since that can not be told from what it makes', async t => {
    for (const schema of [zod, valibot, arktype]) {
      t.equal(refusal(schema, { symbol: 'ACME', value: 'secret' }, { validate: false }), '/value should be number')
      t.equal(encode(schema, { symbol: 'ACME', value: 1, secret: 'x' }, { validate: false }), '{"symbol":"ACME","value":1}')
    }
    t.strictSame(compile(zod, { validate: false }).decode('{"symbol":1}'), { symbol: 1 })
  })
})

t.test('tells a Refine that throws from one that refuses', async t => {
  const failure = new Error('secret')
  const schema = Type1.Object({ a: Type1.Refine(Type1.Number(), value => { if (value > 1) throw failure; return value === 1 }) })
  t.equal(encode(schema, { a: 1 }), '{"a":1}')
  t.equal(refusal(schema, { a: 0 }), '/a should be what its Refine takes')
  const { message, cause } = errorOf(() => encode(schema, { a: 2 }))
  t.equal(message, "event 'price': the payload should be what its Refine takes, but that threw")
  t.equal(cause, failure)
})

t.test('takes no payload for null where a schema takes nothing else, whatever its JSON Schema says of it', async t => {
  const constant = { '~standard': { ...v.null()['~standard'], jsonSchema: { input: () => ({ const: null }), output: () => ({}) } } }
  for (const schema of [z.null(), v.null(), toStandardJsonSchema(v.null()), type('null'), constant]) t.equal(encode(schema, undefined), 'null')
  for (const schema of [z.nullable(z.string()), z.string(), v.string()]) t.match(refusal(schema, undefined), /^the payload should be string/)
})

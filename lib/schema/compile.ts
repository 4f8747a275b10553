import { AjvCompiler, type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import type { TSchema } from '@sinclair/typebox'
import { build as buildSerializer } from 'fast-json-stringify'
import { describe } from '../describe.js'
import { FST_ERR_SSE_SCHEMA_BUILD } from '../errors.js'
import { withCause } from '../with-cause.js'
import { type Bundle, bundle, PLAIN_KEYWORD } from './bundle.js'
import { type Check, createCodec, type PayloadCodec } from './payload-codec.js'
import { compileProjection } from './projection.js'
import { serializerSchema } from './serializer-schema.js'
import { compileTransforms, type Matches } from './transform.js'

export type { PayloadCodec } from './payload-codec.js'

/** The type of Fastify's own `ajv` server option. */
type AjvOptions = NonNullable<Parameters<BuildCompilerFromPool>[1]>

export interface CompileOptions {
  /** Schemas shared by `app.addSchema` (`fastify.getSchemas()`), by $id. */
  sharedSchemas: Record<string, unknown>
  /** Fastify's own `ajv` server option: its formats and keywords are known here too, but payloads are never changed. */
  ajv?: AjvOptions | undefined
  /** false skips the check. Transforms are still encoded, and what is undeclared is still dropped. */
  validate: boolean
}

/** @throws FST_ERR_SSE_SCHEMA_BUILD */
export type PayloadCompiler = (schema: TSchema, where: { route: string, event: string }) => PayloadCodec

/** What is used of ajv, which is not a direct dependency. */
interface Ajv {
  opts: { $data?: boolean, validateFormats?: boolean }
  formats: Record<string, unknown>
  getKeyword: (name: string) => unknown
  addKeyword: (definition: object) => void
  addSchema: (schema: object) => void
  getSchema: (reference: string) => Check | undefined
}

/**
 * Compiles the schemas of events by a private ajv, which knows the formats of Fastify's validator, and by
 * fast-json-stringify.
 *
 * @example
 * const compile = payloadCompiler({ sharedSchemas: app.getSchemas(), validate: true })
 * const { encode } = compile(Type.Object({ value: Type.Number() }), { route: 'GET /prices', event: 'price' })
 * encode({ value: 1, secret: 2 }) // '{"value":1}'
 */
export function payloadCompiler ({ sharedSchemas, ajv: options, validate }: CompileOptions): PayloadCompiler {
  // One instance for all schemas, since creating one takes some 10 ms.
  const instances = new Map<boolean, Ajv>()
  let compiled = 0

  return (schema, { route, event }) => {
    try {
      return compile(schema, event)
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : describe(cause)
      throw FST_ERR_SSE_SCHEMA_BUILD(route, event, problem, ...withCause(cause))
    }
  }

  function compile (schema: TSchema, event: string): PayloadCodec {
    const { opts, formats } = instanceFor(false)
    const bundled = bundle(schema, {
      sharedSchemas,
      isKeyword: name => instanceFor(false).getKeyword(name) !== false,
      isFormat: name => opts.validateFormats === false || Object.hasOwn(formats, name)
    })

    const ajv = instanceFor([...bundled.names].some(name => name in Object.prototype))
    const id = `event-${++compiled}`
    ajv.addSchema({ ...bundled.schema, $id: id })
    const matches: Matches = reference => ajv.getSchema(id + reference)!

    return createCodec(event, bundled, {
      check: compileCheck(matches),
      transform: compileTransforms(bundled, matches, 'Encode'),
      restore: compileTransforms(bundled, matches, 'Decode'),
      serialize: compileSerializer(bundled, matches),
      isChecked: validate,
      isBlunt: opts.$data === true
    })
  }

  /** The schema is compiled in either case, so that a wrong one fails at registration. */
  function compileCheck (matches: Matches): Check {
    const check = matches('#')
    return validate ? check : () => true
  }

  function compileSerializer (bundled: Bundle, matches: Matches): (data: unknown) => string | undefined {
    const schema = serializerSchema(bundled)
    if (schema !== undefined) return buildSerializer(schema as object)
    const project = compileProjection(bundled, matches, validate)
    return project === undefined ? JSON.stringify : data => JSON.stringify(project(data))
  }

  function instanceFor (ownProperties: boolean): Ajv {
    const known = instances.get(ownProperties)
    if (known !== undefined) return known
    const created = createAjv(options, ownProperties)
    instances.set(ownProperties, created)
    return created
  }
}

/** @param ownProperties costs time, and is for schemas with names that every object has, such as `constructor`. */
function createAjv (options: AjvOptions = {}, ownProperties: boolean): Ajv {
  let ajv: Ajv | undefined
  AjvCompiler()({}, {
    ...options,
    mode: undefined, // JTD is for other schemas than these
    customOptions: {
      logger: false,
      strictTypes: false,
      strictTuples: false,
      allowMatchingProperties: true,
      ...options.customOptions,
      ...ownProperties && { ownProperties },
      coerceTypes: false,
      useDefaults: false,
      removeAdditional: false,
      strictNumbers: true,
      messages: true,
      jsPropertySyntax: false
    },
    onCreate (created) {
      options.onCreate?.(created)
      ajv = created as unknown as Ajv
    }
  } as AjvOptions)
  ajv!.addKeyword({
    keyword: PLAIN_KEYWORD,
    type: 'object',
    validate: (_: unknown, data: { toJSON?: unknown }) => typeof data.toJSON !== 'function'
  })
  return ajv!
}

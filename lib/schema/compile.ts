import { AjvCompiler, type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { build as buildSerializer } from 'fast-json-stringify'
import type { EventSchema } from '../../types/event.js'
import { describe } from '../describe.js'
import { FST_ERR_SSE_SCHEMA_BUILD } from '../errors.js'
import { withCause } from '../with-cause.js'
import { type Bundle, bundle, PLAIN_KEYWORD, REFINE_KEYWORD } from './bundle.js'
import { compileExplanation, type Explain } from './explanation.js'
import type { SchemaObject } from './json-schema.js'
import { isStandardSchema } from './kind.js'
import { outputSchema } from './output-schema.js'
import { type Check, createCodec, type PayloadCodec } from './payload-codec.js'
import { describeFailure } from './problem.js'
import { compileProjection } from './projection.js'
import { GROUP_SIZE, groupProperties } from './property-groups.js'
import { serializerSchema } from './serializer-schema.js'
import { shapeOf } from './shape.js'
import { standardJsonSchema } from './standard-json-schema.js'
import { compileTransforms, type Matches } from './transform.js'
import type { Refinement } from './typebox.js'
import { compileValidation, PayloadRefusal } from './validation.js'
import { wordsOf } from './words.js'

export type { PayloadCodec } from './payload-codec.js'

/** The type of Fastify's own `ajv` server option. */
type AjvOptions = NonNullable<Parameters<BuildCompilerFromPool>[1]>

export interface CompileOptions {
  /** Schemas shared by `app.addSchema` (`fastify.getSchemas()`), by $id. */
  sharedSchemas: Record<string, unknown>
  /** Fastify's own `ajv` server option: its formats and keywords are known here too, but payloads are never changed. */
  ajv?: AjvOptions | undefined
  /**
   * false skips the check. Transforms are still encoded, and what is undeclared is still dropped. A Standard Schema still
   * checks, since that can't be told from its transforms.
   */
  validate: boolean
}

/** @throws FST_ERR_SSE_SCHEMA_BUILD */
export type PayloadCompiler = (schema: EventSchema, where: { route: string, event: string }) => PayloadCodec

/** What is used of ajv, which is not a direct dependency. */
interface Ajv {
  opts: { $data?: boolean, discriminator?: boolean, validateFormats?: boolean }
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

  function compile (schema: EventSchema, event: string): PayloadCodec {
    return isStandardSchema(schema) ? compileStandard(schema, event) : compileJsonSchema(schema, event)
  }

  function compileJsonSchema (schema: object, event: string): PayloadCodec {
    const { bundled, matches, isBlunt } = add(schema)
    return createCodec(event, bundled, {
      check: compileCheck(matches),
      transform: compileTransforms(bundled, matches, 'Encode'),
      restore: compileTransforms(bundled, matches, 'Decode'),
      serialize: compileSerializer(bundled, matches),
      isChecked: validate,
      isBlunt
    })
  }

  /** The library checks what it is given; by its JSON Schema, what it makes of it is checked once more, and serialized. */
  function compileStandard (schema: StandardSchemaV1, event: string): PayloadCodec {
    const output = outputSchema(schema)
    const { bundled, matches, isBlunt } = add(shapeOf(output ?? {}))
    return createCodec(event, bundled, {
      check: compileCheck(matches),
      transform: compileValidation(schema, {
        words: output === undefined ? wordsOf(schema) : bundled.names,
        explain: compileExplanation(schema, compileExplain),
        isClosed: serializerSchema(bundled) !== undefined,
        takesOnlyNull: () => isNull(standardJsonSchema(schema, 'input'))
      }),
      restore: undefined,
      serialize: compileSerializer(bundled, matches),
      isChecked: validate,
      isBlunt
    })
  }

  function compileExplain (input: SchemaObject): Explain {
    const { bundled: { names }, matches, isBlunt } = add(input)
    const check = matches('#') as Check
    return data => check(data) ? undefined : describeFailure(check.errors!, data, names, isBlunt)
  }

  /** Makes a schema known to ajv, with all that it refers to. */
  function add (schema: object): { bundled: Bundle, matches: Matches, isBlunt: boolean } {
    const { opts, formats } = instanceFor(false)
    const bundled = bundle(schema, {
      sharedSchemas,
      isKeyword: name => instanceFor(false).getKeyword(name) !== false,
      isFormat: name => opts.validateFormats === false || Object.hasOwn(formats, name)
    })

    const ajv = instanceFor([...bundled.names].some(name => name in Object.prototype))
    const id = `event-${++compiled}`
    ajv.addSchema({ ...canBeGrouped(opts) ? groupProperties(bundled.schema) : bundled.schema, $id: id })
    return { bundled, matches: reference => ajv.getSchema(id + reference)!, isBlunt: opts.$data === true }
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

/** A `discriminator` finds its tag only at the top of an alternative, and a `$data` reference ends at a definition. */
function canBeGrouped ({ $data, discriminator }: Ajv['opts']): boolean {
  return $data !== true && discriminator !== true
}

/** Undefined where nothing is known of a schema. */
function isNull (schema: SchemaObject | undefined): boolean | undefined {
  return schema && (schema.type === 'null' || schema.const === null)
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
      inlineRefs: GROUP_SIZE, // keywords: groups stay functions
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
  ajv!.addKeyword({
    keyword: REFINE_KEYWORD,
    validate: (refinements: Refinement[], data: unknown) => {
      try {
        return refinements.every(isTaken => isTaken(data))
      } catch (cause) {
        throw new PayloadRefusal('the payload should be what its Refine takes, but that threw', cause)
      }
    }
  })
  return ajv!
}

import { AjvCompiler, type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import { type TSchema } from '@sinclair/typebox'
import { HasTransform, TransformEncode } from '@sinclair/typebox/value'
import { build as fastJsonStringify } from 'fast-json-stringify'
import { FST_ERR_SSE_INVALID_EVENT, FST_ERR_SSE_SCHEMA_BUILD } from '../errors.js'
import { type CheckError, describeFailure, isText } from './problem.js'

/** Checks and serializes the payloads of one event. */
export interface PayloadCodec {
  /** Raw text (a string schema with a contentMediaType other than JSON) rather than JSON. */
  readonly text: boolean
  /** Checks, encodes Transforms and serializes one payload. Throws FST_ERR_SSE_INVALID_EVENT. JSON has no raw line breaks. */
  readonly encode: (data: unknown) => string
}

/** The type of Fastify's own `ajv` server option. */
export type AjvOptions = NonNullable<Parameters<BuildCompilerFromPool>[1]>

export interface CompileOptions {
  /** Schemas shared by app.addSchema (fastify.getSchemas()), by $id. */
  sharedSchemas: Record<string, unknown>
  /** Same shape as Fastify's own `ajv` server option: its formats and keywords are known here too. */
  ajv?: AjvOptions | undefined
  /** false skips the check (still encodes Transforms, still drops what is undeclared). */
  validate: boolean
}

export type PayloadCompiler = (schema: TSchema, where: { route: string, event: string }) => PayloadCodec

type Check = ((data: unknown) => boolean) & { errors?: CheckError[] | null }

export function payloadCompiler (options: CompileOptions): PayloadCompiler {
  const { sharedSchemas, ajv, validate } = options
  const build = (): (route: { schema: unknown }) => unknown => AjvCompiler()(sharedSchemas as never, {
    ...ajv,
    customOptions: { ...ajv?.customOptions, coerceTypes: false, useDefaults: false, removeAdditional: false, allErrors: false }
  } as never) as never

  return (schema, { route, event }) => {
    try {
      return codec(schema, event, build()({ schema }) as Check)
    } catch (cause) {
      throw FST_ERR_SSE_SCHEMA_BUILD(...withCause<[string, string, string]>([route, event, (cause as Error).message], cause))
    }
  }

  function codec (schema: TSchema, event: string, check: Check): PayloadCodec {
    const references = Object.values(sharedSchemas) as TSchema[]
    const transforms = HasTransform(schema, references)
    const text = isText(schema)
    const plain = JSON.parse(JSON.stringify(schema)) as object
    const serialize = text ? (data: unknown) => data as string : fastJsonStringify(plain, { schema: structuredClone(sharedSchemas) as never })
    const nothing = schema['type'] === 'null'

    return {
      text,
      encode (data) {
        if (nothing && data === undefined) data = null
        let written: unknown
        try {
          if (transforms) data = TransformEncode(schema, references, data)
          if (validate && !check(data)) throw FST_ERR_SSE_INVALID_EVENT(`event '${event}': ${describeFailure(check.errors ?? [])}`)
          written = serialize(data as object)
        } catch (cause) {
          if ((cause as { code?: unknown }).code === 'FST_ERR_SSE_INVALID_EVENT') throw cause
          throw FST_ERR_SSE_INVALID_EVENT(...withCause<[string]>([`event '${event}': the payload can't be encoded`], cause))
        }
        if (typeof written !== 'string') throw FST_ERR_SSE_INVALID_EVENT(`event '${event}': should be a value that JSON has`)
        return written
      }
    }
  }
}

/** @fastify/error takes the cause as a last argument that its types don't know. */
function withCause<Args extends unknown[]> (args: Args, cause: unknown): Args {
  return [...args, { cause }] as unknown as Args
}

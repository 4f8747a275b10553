import swagger from '@fastify/swagger'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import sse, { type FastifySseOptions } from '../../lib/index.js'
import { bareApp } from '../helpers/app.js'

// One for all, since compiling its schemas takes a while.
const validator = new Validator()

export interface Media { schema?: object, itemSchema?: object, [other: string]: unknown }
export interface Response { description: string, content?: Record<string, Media> }
interface Parameter { name: string, in: string, required: boolean }
export interface Document {
  paths: Record<string, Record<string, { parameters?: Parameter[], responses: Record<string, Response> }>>
  components: { schemas: Record<string, object> }
}

/** The document of these routes, once it is known to be valid. Constants stay constants. */
export async function documentOf (t: Test, openapi: string, declare: (app: FastifyInstance) => void, options: FastifySseOptions = {}): Promise<Document> {
  const { app } = bareApp(t)
  await app.register(swagger, { openapi: { openapi }, convertConstToEnum: openapi.startsWith('3.0') })
  await app.register(sse, options)
  declare(app)
  await app.ready()
  const document = JSON.parse(JSON.stringify(app.swagger())) as Document & Record<string, unknown>
  const { valid, errors } = await validator.validate(structuredClone(document))
  t.ok(valid, `it is valid OpenAPI ${openapi}`, { errors })
  return document
}

import type { FastifyInstance } from 'fastify'
import { Components } from './components.js'
import { type Form, formOf } from './form.js'

// Symbol.for, so that the ESM and the CommonJS copy of this package don't both watch.
const kWatched = Symbol.for('fastify-typed-sse.watched')

/** The writing of one document. */
interface Run { readonly form: Form, readonly components: Components }

interface Transform { openapiObject?: { openapi: string }, swaggerObject?: unknown }

type Swagger = ((...parameters: unknown[]) => unknown) & { [kWatched]?: true }

/** Ends a run of swagger as soon as it has said which version it writes. */
class Found extends Error {
  readonly form: Form

  constructor (form: Form) {
    super('the version of the document is known')
    this.form = form
  }
}

// Swagger writes a document in one go, without a pause in which another could begin.
let run: Run | undefined
let isProbing = false

/** The document that is being written, if any. */
export function currentRun (): Run | undefined {
  return run
}

/**
 * Learns for `app.swagger()` which version it writes. Swagger tells that only to transforms, and has one for a route: to put
 * ours there would disable the user's. So it is there once, before the first document, and ends that run by an exception.
 */
export function watchSwagger (instance: FastifyInstance): void {
  let owner = instance as unknown as { swagger?: Swagger } | null
  while (owner !== null && !Object.hasOwn(owner, 'swagger')) owner = Object.getPrototypeOf(owner) as typeof owner
  const swagger = owner?.swagger
  if (typeof swagger !== 'function' || swagger[kWatched] === true) return
  let form: Form | undefined
  const watched: Swagger = (...parameters) => {
    form ??= probe(() => swagger(...parameters))
    run = { form: form ?? '3.0', components: new Components() }
    try {
      return swagger(...parameters)
    } finally {
      run = undefined
    }
  }
  owner!.swagger = Object.assign(watched, { [kWatched]: true } as const)
}

/** A copy of a route's config in which swagger finds our transform while its version is asked for. */
export function whatSwaggerAsks (config: object): object {
  const { swaggerTransform } = config as { swaggerTransform?: unknown }
  return Object.defineProperty({ ...config }, 'swaggerTransform', {
    enumerable: swaggerTransform !== undefined,
    get: () => isProbing ? tellVersion : swaggerTransform
  })
}

function probe (write: () => unknown): Form | undefined {
  isProbing = true
  try {
    write()
  } catch (error) {
    if (error instanceof Found) return error.form
    throw error
  } finally {
    isProbing = false
  }
  return undefined // no stream is in this document
}

function tellVersion ({ openapiObject }: Transform): never {
  throw new Found(formOf(openapiObject?.openapi ?? '2.0'))
}

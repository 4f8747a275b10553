import type { FastifyInstance } from 'fastify'
import { Components } from './components.js'
import { type Form, formOf } from './form.js'
import { inlineIds } from './inline-ids.js'

// Symbol.for, so that the ESM and the CommonJS copy of this package don't both watch.
const kDeclared = Symbol.for('fastify-typed-sse.declared')

/** The writing of one document. */
interface Run {
  readonly form: Form
  readonly components: Components
  /** Whether the app's transform has refused the routes with streams, so that it is not asked about them. */
  readonly isRefused: boolean
  /** Whether the app's transform is asked about a stream right now. */
  asksOfStream: boolean
}

type Swagger = (...parameters: unknown[]) => unknown
type Watched = Swagger & { readonly [kDeclared]: unknown[] }

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
 * Watches every `swagger()` that shows the routes of a scope, whoever calls it.
 *
 * @param declared What a route declares: its schemas are in the document too.
 */
export function watchSwagger (instance: FastifyInstance, declared: unknown): void {
  let owner = instance as unknown as { swagger?: Swagger } | null
  for (; owner !== null; owner = Object.getPrototypeOf(owner) as typeof owner) {
    if (!Object.hasOwn(owner, 'swagger') || typeof owner.swagger !== 'function') continue
    const watched = kDeclared in owner.swagger ? owner.swagger as Watched : watch(owner.swagger, instance)
    owner.swagger = watched
    watched[kDeclared].push(declared)
  }
}

/** While its version is asked for, what swagger finds as the transform of a route. */
export function probingTransform (): typeof tellVersion | undefined {
  return isProbing ? tellVersion : undefined
}

function watch (swagger: Swagger, { log }: FastifyInstance): Watched {
  const declared: unknown[] = []
  let form: Form | undefined
  let isRefused = false
  return Object.assign((...parameters: unknown[]) => {
    const write = (): unknown => swagger(...parameters)
    form ??= probe(write)
    const first = begin(form, declared, isRefused)
    try {
      return during(first, write)
    } catch (err) {
      if (isRefused || !first.asksOfStream) throw err
      const document = during(begin(form, declared, true), write)
      isRefused = true
      log.warn({ err }, 'the transform of @fastify/swagger refuses event streams; their routes are documented without it, unless it is the swaggerTransform of their own config')
      return document
    }
  }, { [kDeclared]: declared })
}

function begin (form: Form = '3.0', declared: readonly unknown[], isRefused: boolean): Run {
  return { form, components: new Components(() => inlineIds(declared)), isRefused, asksOfStream: false }
}

function during (begun: Run, write: () => unknown): unknown {
  run = begun
  try {
    return write()
  } finally {
    run = undefined
  }
}

/**
 * Learns which version swagger writes. It tells that only to transforms, and has one for a route: to put ours there would
 * disable the user's. So it is there once, before the first document, and ends that run by an exception.
 */
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

function tellVersion ({ openapiObject }: { openapiObject?: { openapi: string } }): never {
  throw new Found(formOf(openapiObject?.openapi ?? '2.0'))
}

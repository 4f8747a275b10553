import type { FastifyInstance, RouteOptions } from 'fastify'
import type { EventStream } from '../../types/event.js'
import type { Route } from '../route.js'
import { isEventStream } from '../schema/event-stream.js'
import { Components } from './components.js'
import { inlineIds } from './inline-ids.js'
import { documentRoute } from './route-document.js'
import type { RouteSchema } from './route-schema.js'
import { currentRun, watchSwagger } from './swagger-run.js'
import { type Shown, showTransform } from './transforms.js'

interface Documented {
  readonly instance: FastifyInstance
  readonly declaration: RouteOptions
  readonly route: Route
  /** As it was declared, since Fastify gets another in the place of a stream. */
  readonly fallback: unknown
}

/**
 * Shows the streams to @fastify/swagger. Towards Fastify they stay opaque: its serializers can't be built from schemas of
 * which an $id occurs twice, or refers to itself.
 */
export class Documents {
  #routes: Documented[] = []
  /** The streams of channels, by the schema of their first event: channels come and go. */
  readonly #channelStreams = new WeakMap<object, EventStream[]>()
  /** What else is in the documents. */
  readonly #declared: unknown[] = []
  /** For a swagger of another name, so that its version isn't known: what is valid in all of them. */
  readonly #anyVersion = { form: '3.0', components: new Components(() => inlineIds(this.#declared)) } as const

  /**
   * Takes in a route, with or without streams, when it is declared. Fastify has read its schema as soon as all onRoute hooks
   * have run, which don't wait; swagger reads it when somebody asks for a document, and has been registered by now if it
   * shows this route at all.
   */
  add (instance: FastifyInstance, declaration: RouteOptions, route: Route): void {
    if (!instance.hasPlugin('@fastify/swagger') && !('swagger' in instance)) return
    const { response } = { ...declaration.schema } as Partial<RouteSchema>
    this.#routes.push({ instance, declaration, route, fallback: response?.['default'] })
    if (this.#routes.length === 1) queueMicrotask(() => { this.#show() })
  }

  /** A route that declares all events of a channel may subscribe to it. */
  addChannel (stream: EventStream): void {
    if (this.#resumes(stream)) return
    const [first] = Object.values(stream.schemas) as [object]
    this.#channelStreams.set(first, [...this.#channelStreams.get(first) ?? [], stream])
  }

  #show (): void {
    for (const documented of this.#routes) {
      const { instance, declaration } = documented
      const declared = { schema: declaration.schema, get shared () { return instance.getSchemas() } }
      this.#declared.push(declared)
      watchSwagger(instance, declared)
      const shown = this.#shown(documented)
      showTransform(declaration, shown)
      if (shown === undefined) continue
      const { schema, write } = shown
      Object.defineProperty(declaration, 'schema', { enumerable: true, configurable: true, get: () => write(schema) })
    }
    this.#routes = []
  }

  #shown ({ instance, declaration, route, fallback }: Documented): Shown | undefined {
    const { schema, method } = declaration
    const { response, ...others } = { ...schema } as Partial<RouteSchema>
    if (route.eventNames.length === 0 || response === undefined) return undefined // another hook may have taken it away
    const facts = {
      methods: [method].flat(),
      streamsOnly: route.streamsOnly,
      canComplete: route.canComplete,
      isLimited: route.admission?.isInAll === true,
      isLimitedPerKey: route.admission?.isPerKey === true,
      resumes: (stream: EventStream) => this.#resumes(stream)
    }
    return {
      schema: { ...others, response: isEventStream(fallback) ? { ...response, default: fallback } : response },
      write: schema => documentRoute(schema, facts, { ...currentRun() ?? this.#anyVersion, sharedSchemas: instance.getSchemas() })
    }
  }

  #resumes ({ schemas }: EventStream): boolean {
    const candidates = Object.values(schemas).flatMap(schema => this.#channelStreams.get(schema) ?? [])
    return candidates.some(channel => Object.entries(channel.schemas).every(([event, schema]) => schemas[event] === schema))
  }
}

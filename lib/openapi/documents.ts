import type { FastifyInstance, RouteOptions } from 'fastify'
import type { EventStream } from '../../types/event.js'
import type { Route } from '../route.js'
import { isEventStream } from '../schema/event-stream.js'
import { Components } from './components.js'
import { documentRoute, type RouteSchema } from './route-document.js'
import { currentRun, watchSwagger, whatSwaggerAsks } from './swagger-run.js'

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
  /** For a swagger of another name, so that its version isn't known: what is valid in all of them. */
  readonly #anyVersion = { form: '3.0', components: new Components() } as const

  /** Takes in a route when it is declared. */
  add (instance: FastifyInstance, declaration: RouteOptions, route: Route): void {
    if (route.eventNames.length === 0) return
    const { response } = declaration.schema as RouteSchema
    this.#routes.push({ instance, declaration, route, fallback: response['default'] })
  }

  /** A route that declares all events of a channel may subscribe to it. */
  addChannel (stream: EventStream): void {
    if (this.#resumes(stream)) return
    const [first] = Object.values(stream.schemas) as [object]
    this.#channelStreams.set(first, [...this.#channelStreams.get(first) ?? [], stream])
  }

  /**
   * From now on swagger, wherever it is registered, sees the streams: Fastify has read the schemas of all routes, and only
   * swagger reads them later. A document is written when somebody asks for it.
   */
  show (): void {
    for (const documented of this.#routes) {
      const { instance } = documented
      if (!instance.hasPlugin('@fastify/swagger') && !('swagger' in instance)) continue
      watchSwagger(instance)
      this.#showRoute(documented)
    }
    this.#routes = []
  }

  #showRoute ({ instance, declaration, route, fallback }: Documented): void {
    const { schema, config, method } = declaration
    const { response, ...others } = { ...schema } as Partial<RouteSchema>
    if (response === undefined) return // another hook has taken it away
    const facts = {
      methods: [method].flat(),
      streamsOnly: route.streamsOnly,
      canComplete: route.canComplete,
      resumes: (stream: EventStream) => this.#resumes(stream)
    }
    const declared = { ...others, response: isEventStream(fallback) ? { ...response, default: fallback } : response }
    Object.defineProperty(declaration, 'schema', {
      enumerable: true,
      configurable: true,
      get: () => documentRoute(declared, facts, { ...currentRun() ?? this.#anyVersion, sharedSchemas: instance.getSchemas() })
    })
    declaration.config = whatSwaggerAsks(config as object) as NonNullable<RouteOptions['config']>
  }

  #resumes ({ schemas }: EventStream): boolean {
    const candidates = Object.values(schemas).flatMap(schema => this.#channelStreams.get(schema) ?? [])
    return candidates.some(channel => Object.entries(channel.schemas).every(([event, schema]) => schemas[event] === schema))
  }
}

import type { FastifyRequest, RouteOptions } from 'fastify'
import Negotiator from 'negotiator'
import type { EventStream } from '../types/event.js'
import type { ResolvedStreamOptions, StreamOptions } from '../types/options.js'
import type { RouteMetrics } from '../types/telemetry.js'
import { FST_ERR_SSE_ROUTE_INVALID, FST_ERR_SSE_STATUS_UNDECLARED } from './errors.js'
import type { Admission } from './limits/admission.js'
import type { Limits } from './limits/limits.js'
import { resolveRouteOptions } from './options.js'
import { type EventCodec, undeclaredCodec } from './schema/codec.js'
import { carriedStream, isEventStream } from './schema/event-stream.js'
import { EVENT_STREAM } from './stream/headers.js'
import { isAsyncIterable, isStream } from './stream/source.js'
import type { StreamRoute } from './stream/stream-route.js'
import type { Streams } from './stream/streams.js'
import { RouteTally } from './telemetry/route-tally.js'
import { holdsStream } from './stray-stream.js'

/** What a route is declared as: of its options, what this plugin reads. */
export interface RouteDeclaration {
  method: RouteOptions['method']
  url: string
  schema?: unknown
  sse?: StreamOptions | undefined
  /** Whether its streams are in no limit. */
  isUnlimited?: boolean
}

/** The scope that a route belongs to. */
export interface RouteScope {
  readonly options: Readonly<ResolvedStreamOptions>
  readonly streams: Streams
  readonly limits: Limits
  /** Compiles a stream, or finds it compiled. @throws FST_ERR_SSE_SCHEMA_BUILD */
  readonly compile: (stream: EventStream, route: string, validate: boolean) => EventCodec
}

/** The statuses that have no body. */
const BODYLESS = new Set([204, 205, 304])

/** One route: the streams that it declares, by status, and its options. Made once. */
export class Route implements StreamRoute {
  readonly name: string
  readonly options: Readonly<ResolvedStreamOptions>
  readonly streams: Streams
  /** What lets its streams begin; undefined where nothing bounds them. */
  readonly admission: Admission | undefined
  /** Whether a success of this route is always an event stream. */
  readonly streamsOnly: boolean
  readonly #streams: ReadonlyMap<string, EventStream>
  /** The media types of its success, in the order of their declaration. */
  readonly #mediaTypes: readonly string[]
  readonly #compile: RouteScope['compile']
  readonly #refused = new Set<unknown>()
  #hinted = false
  #tally: RouteTally | undefined

  /** @throws FST_ERR_SSE_OPTION_INVALID, FST_ERR_SSE_ROUTE_INVALID */
  constructor (declaration: RouteDeclaration, scope: RouteScope) {
    const { method, url, schema, sse, isUnlimited = false } = declaration
    this.name = `${[method].flat().join(',')} ${url}`
    this.options = resolveRouteOptions(this.name, sse, scope.options)
    this.streams = scope.streams
    this.admission = isUnlimited ? undefined : scope.limits.admissionFor(this.name, sse)
    this.#compile = scope.compile
    const { streams, mediaTypes } = declaredStreams(this.name, schema)
    this.#streams = streams
    this.#mediaTypes = [...mediaTypes]
    this.streamsOnly = mediaTypes.size === 1 && mediaTypes.has(EVENT_STREAM)
    if (sse?.onComplete === 'stop' && this.#finalDeclared) {
      throw FST_ERR_SSE_ROUTE_INVALID(this.name, "onComplete 'stop' is for streams without final events; this one declares some, and they stop the browser")
    }
  }

  /** Whether a success may be an event stream or something else. */
  get negotiates (): boolean {
    return this.#streams.size > 0 && !this.streamsOnly
  }

  /** Whether a browser may come back with the id that says it has seen everything. */
  get canComplete (): boolean {
    return this.#finalDeclared || this.options.onComplete === 'stop'
  }

  /** The names of all declared events. */
  get eventNames (): string[] {
    return [...this.#streams.values()].flatMap(stream => Object.keys(stream.schemas))
  }

  /** Made for the first stream: most routes of an app have none. */
  get tally (): RouteTally {
    this.#tally ??= new RouteTally()
    return this.#tally
  }

  /** What has come of its streams; undefined where there is nothing to tell. */
  get metrics (): RouteMetrics | undefined {
    const declares = this.#streams.size > 0 && !this.name.startsWith('HEAD ')
    return declares || this.#tally !== undefined ? this.tally.read(this.name) : undefined
  }

  /** Compiles every declared stream. @throws FST_ERR_SSE_SCHEMA_BUILD */
  compile (): void {
    for (const stream of this.#streams.values()) this.#codec(stream)
  }

  /** Whether this is what carries an event stream, when a handler answers with it and this status. */
  isSource (payload: unknown, statusCode: number): boolean {
    // On an undeclared route streams of bytes stay Fastify's.
    return isAsyncIterable(payload) || (isStream(payload) && this.streamAt(statusCode) !== undefined)
  }

  /** The stream that is declared for a status, found as Fastify finds a response's schema. */
  streamAt (statusCode: number): EventStream | undefined {
    if (BODYLESS.has(statusCode)) return undefined
    const streams = this.#streams
    const exact = streams.get(String(statusCode)) ?? streams.get(`${Math.trunc(statusCode / 100)}xx`)
    // `default` also stands for errors and redirections, and those are not streams.
    return exact ?? (statusCode >= 200 && statusCode < 300 ? streams.get('default') : undefined)
  }

  /** Whether a response with this status may be an event stream. */
  carries (statusCode: number): boolean {
    return this.streamAt(statusCode) !== undefined || (this.#streams.size === 0 && statusCode >= 200 && statusCode < 300 && !BODYLESS.has(statusCode))
  }

  codecFor (statusCode: number, iterable: unknown): EventCodec {
    const stream = this.streamAt(statusCode) ?? (this.#streams.size === 0 ? carried(iterable) : undefined)
    if (stream !== undefined) return this.#codec(stream)
    if (this.#streams.size > 0) throw FST_ERR_SSE_STATUS_UNDECLARED(this.name, statusCode)
    return undeclaredCodec
  }

  /** Whether the client takes an event stream at all. */
  accepts (request: FastifyRequest): boolean {
    // What an EventSource sends needs no negotiation.
    return request.headers.accept === EVENT_STREAM || new Negotiator(request.raw).mediaType([EVENT_STREAM]) !== undefined
  }

  /** Whether the client would rather have an event stream than what else the route declares. */
  prefers (request: FastifyRequest): boolean {
    const mediaTypes = this.#mediaTypes.length > 0 ? this.#mediaTypes : [EVENT_STREAM]
    return new Negotiator(request.raw).mediaType([...mediaTypes]) === EVENT_STREAM
  }

  logRefusal (err: unknown, event: unknown, request: FastifyRequest): void {
    const name = (event as { event?: unknown } | null | undefined)?.event
    // Names that nobody declared could be without end.
    const known = [...this.#streams.values()].some(stream => typeof name === 'string' && Object.hasOwn(stream.schemas, name))
    const key = known ? name : undefined
    if (this.#refused.has(key)) return
    this.#refused.add(key)
    request.log.error({ err, route: this.name }, 'an event was refused; further ones of this name are not logged')
  }

  hintAtFinal (request: FastifyRequest): void {
    if (this.#hinted) return
    this.#hinted = true
    request.log.info(
      { route: this.name },
      "an event stream has ended, and a browser's EventSource will open it again; if that should not be, declare its last event as final or set onComplete"
    )
  }

  get #finalDeclared (): boolean {
    return [...this.#streams.values()].some(stream => stream.final.length > 0)
  }

  #codec (stream: EventStream): EventCodec {
    return this.#compile(stream, this.name, this.options.validate)
  }
}

function carried (iterable: unknown): EventStream | undefined {
  return typeof iterable === 'object' && iterable !== null ? carriedStream(iterable) : undefined
}

function declaredStreams (route: string, schema: unknown): { streams: Map<string, EventStream>, mediaTypes: Set<string> } {
  const response = (schema as { response?: Record<string, unknown> } | undefined)?.response ?? {}
  const streams = new Map<string, EventStream>()
  const mediaTypes = new Set<string>()
  for (const [key, declared] of Object.entries(response)) {
    const status = key.toLowerCase()
    const isSuccess = /^2\d\d$|^2xx$|^default$/.test(status) && !BODYLESS.has(Number(status))
    for (const [mediaType, part] of parts(declared)) {
      if (isEventStream(part)) {
        if (mediaType !== undefined && mediaType !== EVENT_STREAM) {
          throw FST_ERR_SSE_ROUTE_INVALID(route, `an event stream should be declared as '${EVENT_STREAM}', instead got '${mediaType}'`)
        }
        streams.set(status, part)
        mediaTypes.add(EVENT_STREAM)
      } else if (holdsStream(part)) {
        throw FST_ERR_SSE_ROUTE_INVALID(route, `the response ${key} holds an event stream, or a copy of one, which has lost its events; declare the stream itself`)
      } else if (isSuccess && status !== 'default') {
        mediaTypes.add(mediaType ?? 'application/json')
      }
    }
  }
  return { streams, mediaTypes }
}

/** The schemas of one response by media type; Fastify allows one without. */
function parts (declared: unknown): Array<[mediaType: string | undefined, schema: unknown]> {
  const content = (declared as { content?: Record<string, { schema?: unknown }> } | null | undefined)?.content
  if (isEventStream(declared) || content === undefined) return [[undefined, declared]]
  return Object.entries(content).map(([mediaType, { schema }]) => [mediaType.toLowerCase(), schema])
}

import type { FastifyInstance } from 'fastify'
import type { Broker } from '../types/broker.js'
import type { ChannelOptions } from '../types/channel.js'
import type { EventStream } from '../types/event.js'
import type { ResolvedOptions } from '../types/options.js'
import type { Metrics } from '../types/telemetry.js'
import { memoryBroker } from './brokers/memory.js'
import type { Channel } from './channel/channel.js'
import { Channels } from './channel/channels.js'
import type { OwnerScope } from './channel/owner.js'
import { PageReads } from './channel/page-reads.js'
import { PositionTimer } from './channel/position-timer.js'
import { FST_ERR_SSE_SCHEMA_SHARED } from './errors.js'
import { Limits } from './limits/limits.js'
import { Route, type RouteDeclaration } from './route.js'
import { compileStream, type StreamCodec } from './schema/codec.js'
import { type PayloadCompiler, payloadCompiler } from './schema/compile.js'
import { Streams } from './stream/streams.js'
import { sumTotals } from './telemetry/sum.js'
import { holdsStream } from './stray-stream.js'

/** EventSource tells of its connection by events of these names. */
const CLAIMED_NAMES = new Set(['error', 'open'])

/** One `register()` of the plugin: the options of its scope, the routes in it, and their open streams. */
export class Registration {
  readonly options: Readonly<ResolvedOptions>
  readonly streams: Streams
  readonly limits: Limits
  readonly #channels = new Channels()
  readonly #broker: Broker
  readonly #pageReads: PageReads
  readonly #positionTimer: PositionTimer
  readonly #routes: Route[] = []
  readonly #scopes = new Set<FastifyInstance>()
  readonly #compilers = new Map<FastifyInstance, ScopeCompiler>()
  #isReady = false

  constructor (options: Readonly<ResolvedOptions>) {
    this.options = options
    this.streams = new Streams(options.closeSpreadMs)
    this.limits = new Limits(options)
    this.#broker = options.broker ?? memoryBroker()
    this.#pageReads = new PageReads(options.replayConcurrency, options.maxWaitingReplays)
    this.#positionTimer = new PositionTimer(options.heartbeatMs)
  }

  /** Takes in a route. Its schemas are compiled by {@link compile}, since shared ones may be added after it. */
  add (instance: FastifyInstance, declaration: RouteDeclaration): Route {
    const route = new Route(declaration, {
      options: this.options,
      streams: this.streams,
      limits: this.limits,
      compile: (stream, name, validate) => this.#compilerOf(instance).compile(stream, name, validate)
    })
    this.#routes.push(route)
    for (const name of route.eventNames) {
      if (!CLAIMED_NAMES.has(name)) continue
      instance.log.warn({ route: route.name }, `the event '${name}' can't be told from an EventSource's own event of that name; choose another one`)
    }
    this.#scopes.add(instance)
    return route
  }

  /**
   * Opens a channel. Its schemas are compiled by {@link compile} or with its first event; at once where all is ready.
   *
   * @param carrierOf Finds the answer to a request.
   */
  openChannel (
    name: string, stream: EventStream, options: ChannelOptions | undefined, instance: FastifyInstance, carrierOf: OwnerScope['carrierOf']
  ): Channel {
    const { ajv, maxBufferedBytes, validate } = this.options
    return this.#channels.open(name, stream, options, {
      app: instance,
      log: instance.log,
      broker: this.#broker,
      reads: this.#pageReads,
      owners: { carrierOf, maxBufferedBytes, timer: this.#positionTimer },
      compile: (stream, channel) => {
        // Before all is ready, more schemas may be added, which a compiler that is kept would not know.
        const compiler = this.#isReady ? this.#compilerOf(instance) : new ScopeCompiler(instance.getSchemas(), ajv)
        return compiler.compile(stream, `channel '${channel}'`, validate)
      }
    }, this.#isReady)
  }

  /** The open channels. */
  get channels (): Channel[] {
    return this.#channels.all
  }

  /** What has come of the streams and channels of this scope. */
  get metrics (): Metrics {
    const channels = this.#channels.metrics
    return {
      routes: this.#routes.flatMap(route => route.metrics ?? []),
      channels,
      allChannels: sumTotals(channels),
      refused: this.limits.refusals.total + this.streams.refused,
      runningReplays: this.#pageReads.running,
      waitingReplays: this.#pageReads.waiting,
      unfinishedSources: this.streams.unfinished
    }
  }

  /** Ends the channels, and what keeps their events. */
  async closeChannels (): Promise<void> {
    await this.#channels.close()
    await this.#broker.close()
  }

  /** Compiles the schemas of all routes and channels. @throws FST_ERR_SSE_SCHEMA_BUILD, FST_ERR_SSE_SCHEMA_SHARED */
  compile (): void {
    for (const scope of this.#scopes) checkSharedSchemas(scope.getSchemas())
    for (const route of this.#routes) route.compile()
    this.#isReady = true
    this.#channels.compile()
  }

  #compilerOf (instance: FastifyInstance): ScopeCompiler {
    let compiler = this.#compilers.get(instance)
    if (compiler === undefined) {
      compiler = new ScopeCompiler(instance.getSchemas(), this.options.ajv)
      this.#compilers.set(instance, compiler)
    }
    return compiler
  }
}

/** Compiles the streams of one Fastify scope, which may have shared schemas of its own. */
class ScopeCompiler {
  readonly #sharedSchemas: Record<string, unknown>
  readonly #ajv: ResolvedOptions['ajv']
  readonly #compilers = new Map<boolean, PayloadCompiler>()
  readonly #codecs = new Map<boolean, WeakMap<EventStream, StreamCodec>>()

  constructor (sharedSchemas: Record<string, unknown>, ajv: ResolvedOptions['ajv']) {
    this.#sharedSchemas = sharedSchemas
    this.#ajv = ajv
  }

  compile (stream: EventStream, route: string, validate: boolean): StreamCodec {
    const codecs = getOrMake(this.#codecs, validate, () => new WeakMap<EventStream, StreamCodec>())
    return getOrMake(codecs, stream, () => compileStream(stream, this.#payloadCompiler(validate), route))
  }

  #payloadCompiler (validate: boolean): PayloadCompiler {
    return getOrMake(this.#compilers, validate, () => payloadCompiler({
      sharedSchemas: this.#sharedSchemas, ajv: this.#ajv, validate
    }))
  }
}

/** @throws FST_ERR_SSE_SCHEMA_SHARED where an event stream is among the schemas of `addSchema()`, which keeps a useless copy of it. */
export function checkSharedSchemas (schemas: Record<string, unknown>): void {
  for (const [id, schema] of Object.entries(schemas)) {
    if (holdsStream(schema)) throw FST_ERR_SSE_SCHEMA_SHARED(id)
  }
}

function getOrMake<Key, Value> (
  map: { get: (key: Key) => Value | undefined, set: (key: Key, value: Value) => unknown }, key: Key, make: () => Value
): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

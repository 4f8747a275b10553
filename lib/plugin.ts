import { types } from 'node:util'
import type { FastifyInstance, FastifyReply, FastifyRequest, onSendHookHandler, RouteOptions } from 'fastify'
import type { EventStream } from '../types/event.js'
import type { ChannelOptions, DrainOptions, ServerEvents } from '../types/channel.js'
import type { FastifySseOptions, StreamOptions } from '../types/options.js'
import { Answer } from './answer.js'
import type { Channel } from './channel/channel.js'
import { merge } from './channel/channels.js'
import { jointPosition } from './channel/joint-position.js'
import { FST_ERR_SSE_ALREADY_REGISTERED } from './errors.js'
import { Documents } from './openapi/documents.js'
import { ERROR_SCHEMA } from './openapi/error-schema.js'
import { resolveDrainOptions, resolveOptions } from './options.js'
import { kUnlimited } from './limits/unlimited.js'
import { checkSharedSchemas, Registration } from './registration.js'
import type { Route } from './route.js'
import { isEventStream } from './schema/event-stream.js'
import { ReadableBody } from './stream/readable-body.js'
import { addVary } from './stream/vary.js'
import { ChannelTallies } from './telemetry/channel-tallies.js'
import { sumMetrics } from './telemetry/sum.js'

// Symbol.for, so that the ESM and the CommonJS copy of this package see each other's registration.
const kRegistration = Symbol.for('fastify-typed-sse.registration')
const kRegistrations = Symbol.for('fastify-typed-sse.registrations')
const kRoute = Symbol.for('fastify-typed-sse.route')
const kAnswer = Symbol.for('fastify-typed-sse.answer')

/** Fastify's own default; `initialConfig` leaves it out where nobody has set it. */
const PLUGIN_TIMEOUT_MS = 10_000

interface Scope { [kRegistration]: Registration }
type Server = FastifyInstance['server'] & { [kRegistrations]?: Set<Registration> }
interface Config { [kRoute]?: Route, [kUnlimited]?: boolean, sse?: StreamOptions }
type Request = FastifyRequest & { [kAnswer]?: Answer }
type Reply = FastifyReply & { [kAnswer]?: Answer }

/** The plugin, before it is wrapped: `app.register(sse, options)`. */
export async function plugin (fastify: FastifyInstance, options: FastifySseOptions): Promise<void> {
  if (Object.hasOwn(fastify, kRegistration)) throw FST_ERR_SSE_ALREADY_REGISTERED()
  const { pluginTimeout = PLUGIN_TIMEOUT_MS } = fastify.initialConfig
  const registration = new Registration(resolveOptions(options, pluginTimeout))
  // Registered again in a child scope: the hooks are inherited, and find the registration of their route's scope.
  const isOverride = kRegistration in fastify
  fastify.decorate(kRegistration, registration)
  const registrations = registrationsOf(fastify.server)
  registrations.add(registration)

  fastify.addHook('onReady', async () => {
    checkSharedSchemas(fastify.getSchemas())
    registration.compile()
  })
  fastify.addHook('preClose', async () => {
    // First of all nobody else is let in: who reconnected now would get Fastify's 503, which ends an EventSource for good.
    // (The second server that Fastify has where `localhost` has two addresses, it closes later; docs/deploy.md.)
    if (fastify.server.listening) fastify.server.close()
    // All registrations at once: their preClose hooks run one after the other, and each may take its closeTimeoutMs.
    for (const { streams, options: { closeTimeoutMs } } of registrations) {
      streams.close(closeTimeoutMs).catch((err: unknown) => { fastify.log.error({ err }, 'closing event streams failed') })
    }
    await registration.streams.close(registration.options.closeTimeoutMs)
  })
  fastify.addHook('onClose', async () => { await registration.closeChannels() })
  if (isOverride) return

  const documents = new Documents()
  fastify.decorate('sse', { getter () { return serverEvents(this, documents) } })
  fastify.decorateReply(kAnswer)
  fastify.decorateRequest(kAnswer)
  fastify.decorateReply('sse', { getter () { return answerOf(this.request, this).sink as FastifyReply['sse'] } })
  fastify.decorateRequest('prefersEventStream', { getter () { return routeOf(this).prefers(this) } })

  fastify.addHook('onRoute', function (declaration) { addRoute(this, declaration, documents) })
  fastify.addHook('preHandler', (request, reply, done) => {
    answerOf(request, reply).intercept()
    done()
  })
}

function addRoute (instance: FastifyInstance, declaration: RouteOptions, documents: Documents): void {
  const config: Config = { ...declaration.config }
  const { method, url, schema, sse = config.sse } = declaration
  const route = config[kRoute] = registrationOf(instance).add(instance, { method, url, schema, sse, isUnlimited: config[kUnlimited] === true })
  if (sse !== undefined) config.sse = sse // where routeOf() finds it, since Fastify drops what it does not know
  documents.add(instance, declaration, route)
  declareErrors(declaration)
  if (route.negotiates) keepVary(declaration)
  const isDeclared = route.eventNames.length > 0
  if (isDeclared) keepStreams(instance, declaration)
  if (isDeclared || isAsyncGeneratorFunction(declaration.handler)) sendDirectly(declaration, route)
  declaration.config = config as NonNullable<RouteOptions['config']>
  const { handler } = declaration
  declaration.handler = function (request, reply) {
    // After all hooks, whoever has added them, so that nothing is told to a client that they turn away.
    return answerOf(request, reply).decide() ? undefined : handler.call(this, request, reply)
  }
}

/**
 * Fastify writes the errors of a route by what is declared as `default`, and an event stream, which is opaque to it,
 * makes that `{}`. It gets a schema of its own errors instead, in a copy.
 */
function declareErrors (declaration: RouteOptions): void {
  const { response } = (declaration.schema ?? {}) as { response?: Record<string, unknown> }
  if (!isEventStream(response?.default)) return
  declaration.schema = { ...declaration.schema, response: { ...response, default: ERROR_SCHEMA } }
}

/** The last hook of a route that negotiates: it sees every answer, also those of hooks and of the validation, and what they have set. */
function keepVary (declaration: RouteOptions): void {
  const hook: onSendHookHandler = (_request, reply, payload, done) => {
    addVary(reply, 'Accept')
    done(null, payload)
  }
  declaration.onSend = [...[declaration.onSend ?? []].flat(), hook]
}

/**
 * Sends the streams of a route, after all other onSend hooks: where nothing was put between, Fastify needs not do it. Not for
 * each route, since any may turn out to stream, and those that never do should not have a hook more.
 * Another plugin may add its own hook behind this one, or in its place; then Fastify does.
 */
function sendDirectly (declaration: RouteOptions, route: Route): void {
  const hook: onSendHookHandler = (request, reply, payload: unknown, done) => {
    // A route that was made from this one may have taken its hooks over.
    const isLast = Array.isArray(declaration.onSend) && declaration.onSend.at(-1) === hook && answerOf(request, reply).isOf(route)
    if (!isLast || !(payload instanceof ReadableBody) || !payload.answer(reply)) done(null, payload)
  }
  declaration.onSend = [...[declaration.onSend ?? []].flat(), hook]
}

/**
 * Keeps the streams of a route from a serializer compiler of the app, such as that of a type provider: it need not know
 * schemas like theirs, and nothing is serialized by what it would make of them. Fastify's own is not there yet: it is made
 * for each scope, from the schemas that are shared in it, when all routes are known.
 */
function keepStreams (instance: FastifyInstance, declaration: RouteOptions): void {
  const compile = declaration.serializerCompiler ?? instance.serializerCompiler
  if (compile === undefined) return
  declaration.serializerCompiler = route => isEventStream(route.schema) ? JSON.stringify : compile(route)
}

/** `app.sse`, of the scope in which it is read: that may have shared schemas of its own. */
function serverEvents (instance: FastifyInstance, documents: Documents): ServerEvents {
  const registration = registrationOf(instance)
  const channel = (name: string, stream: EventStream, options?: ChannelOptions): Channel => {
    const opened = registration.openChannel(name, stream, options, instance, request => (request as Request)[kAnswer]?.carrier)
    documents.addChannel(stream)
    return opened
  }
  return {
    get isDraining () { return registration.streams.draining },
    drain: async (options: DrainOptions = {}) => {
      const { overMs } = resolveDrainOptions(options)
      await Promise.all([...registrationsOf(instance.server)].map(async ({ streams }) => { await streams.drain(overMs) }))
    },
    channel: channel as unknown as ServerEvents['channel'],
    position: async (...of: unknown[]) => await jointPosition(of),
    streams: () => Array.from(registrationsOf(instance.server)).flatMap(({ streams }) => streams.listed),
    channels: () => Array.from(registrationsOf(instance.server)).flatMap(({ channels }) => channels) as unknown as ReturnType<ServerEvents['channels']>,
    metrics: () => sumMetrics([ChannelTallies.of(instance).closed, ...Array.from(registrationsOf(instance.server), ({ metrics }) => metrics)]),
    merge: (...subscriptions) => merge(subscriptions) as unknown as ReturnType<ServerEvents['merge']>
  } as ServerEvents
}

function answerOf (request: Request, reply: Reply): Answer {
  reply[kAnswer] ??= request[kAnswer] = new Answer(request, reply, routeOf(request))
  return reply[kAnswer]
}

/**
 * The request's route. One that was declared before the plugin had loaded (right after a `register()` without `await`)
 * is met here first, and compiled then: a declared route is never served unvalidated. In a child scope, it has got the
 * options of the parent when it was declared.
 */
function routeOf (request: FastifyRequest): Route {
  const { routeOptions, server } = request
  const registration = registrationOf(server)
  const config: Config = routeOptions.config
  if (config[kRoute]?.streams !== registration.streams) {
    const { method, url = '(not found)', schema } = routeOptions
    const route = config[kRoute] = registration.add(server, { method, url, schema, sse: config.sse })
    route.compile()
  }
  return config[kRoute]
}

function registrationsOf (server: Server): Set<Registration> {
  return (server[kRegistrations] ??= new Set())
}

function registrationOf (instance: FastifyInstance): Registration {
  return (instance as unknown as Scope)[kRegistration]
}

function isAsyncGeneratorFunction (handler: unknown): boolean {
  return types.isGeneratorFunction(handler) && types.isAsyncFunction(handler)
}

import fp from 'fastify-plugin'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { close, findChannel, noChannel, publish } from './actions.js'
import { ICON, PAGE, SCRIPT, STYLE } from './assets.js'
import { overview, tail } from './events.js'
import { kUnlimited } from '../limits/unlimited.js'
import { guard, refuseOtherSites } from './guard.js'
import { secure } from './headers.js'
import { type InspectorOptions, resolveInspectorOptions } from './inspector-options.js'
import { overviewStream } from './overview-stream.js'
import { Sampler } from './sampler.js'
import { type Order, ORDERS } from './stream-rows.js'
import { tailStream } from './tail-stream.js'

export type { Authorize, InspectorOptions } from './inspector-options.js'

/**
 * A page that shows the streams and channels of the server as they live. To be registered after the plugin itself, with a
 * prefix of its own, and with who may see it: without `authorize` there are only numbers.
 *
 * @throws FST_ERR_SSE_OPTION_INVALID, FST_ERR_SSE_INSPECTOR_UNAUTHORIZED
 * @example
 * await app.register(basicAuth, { validate, authenticate: true })
 * await app.register(inspector, { prefix: '/_sse', authorize: app.basicAuth })
 */
export const inspector = fp(inspect, {
  fastify: '5.x', name: 'fastify-typed-sse/inspector', dependencies: ['fastify-typed-sse'], encapsulate: true // or there is no prefix
})

export default inspector

/** Nothing of it is in the app's OpenAPI documents: to Fastify, what @fastify/swagger reads is nothing it knows. */
const schema: object = { hide: true }

/** Who may look is for `authorize` to say; a server that is full is what they want to look at. */
const config: object = { [kUnlimited]: true }

const sse = { commitAfterMs: 0, heartbeatMs: 15_000, compress: false, closeLogLevel: 'debug' } as const

async function inspect (app: FastifyInstance, options: InspectorOptions): Promise<void> {
  const { authorize } = resolveInspectorOptions(options)
  const isOpen = authorize !== undefined
  const own = new WeakSet<FastifyRequest>()
  const page = `${app.prefix.replace(/\/$/, '')}/`
  const ownRoutes = new Set([`GET ${page}events`, `GET ${page}tail`])
  const sampler = new Sampler({
    app,
    isOpen,
    isOwn: ({ request }) => own.has(request),
    isOwnRoute: route => ownRoutes.has(route)
  })

  app.addHook('onSend', secure)
  app.addHook('onRequest', refuseOtherSites(page))
  if (authorize !== undefined) app.addHook('onRequest', guard(authorize))
  // So that what is not there is not told to everybody either.
  app.setNotFoundHandler((_request, reply) => { reply.code(404).send({ message: 'the inspector has nothing here' }) })
  acceptJsonAlone(app)

  app.get('/', { schema }, servePage)
  app.get('/inspector.js', { schema }, (_request, reply) => { reply.type('text/javascript; charset=utf-8').send(SCRIPT) })
  app.get('/inspector.css', { schema }, (_request, reply) => { reply.type('text/css; charset=utf-8').send(STYLE) })
  app.get('/inspector.svg', { schema }, (_request, reply) => { reply.type('image/svg+xml').send(ICON) })
  app.get('/events', { schema: { ...schema, response: { 200: overview } }, sse, config }, (request, reply) => {
    own.add(request)
    return overviewStream(sampler, orderOf(request), { isOpen }, reply.sse.signal)
  })
  if (!isOpen) return

  app.get('/tail', { schema: { ...schema, response: { 200: tail } }, sse, config }, async (request, reply) => {
    const channel = findChannel(app, queryOf(request)['channel'])
    if (channel === undefined) return noChannel(reply) as never
    own.add(request)
    return tailStream(channel, reply.sse.signal)
  })
  app.post('/publish', { schema }, async (request, reply) => await publish(app, request, reply))
  app.post('/close', { schema }, async (request, reply) => await close(app, request, reply))
}

/** The page names what belongs to it by relative URLs, which need the slash: whatever path a proxy has taken off before. */
function servePage ({ originalUrl }: FastifyRequest, reply: FastifyReply): void {
  const path = originalUrl.replace(/\?.*/s, '')
  if (path.endsWith('/')) reply.type('text/html; charset=utf-8').send(PAGE)
  else reply.redirect(`./${path.slice(path.lastIndexOf('/') + 1)}/`, 307)
}

/** What another site can send without being asked first is refused, whatever the app takes elsewhere. */
function acceptJsonAlone (app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'))
}

function orderOf (request: FastifyRequest): Order {
  const wanted = queryOf(request)['order']
  return ORDERS.find(order => order === wanted) ?? 'oldest'
}

/** Whatever the app's querystring parser has made of it. */
function queryOf ({ query }: FastifyRequest): Record<string, unknown> {
  return typeof query === 'object' && query !== null ? query as Record<string, unknown> : {}
}

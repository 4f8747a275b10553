import { once } from 'node:events'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { Type } from '@sinclair/typebox'
import { eventStream } from '../../lib/index.js'
import type { Limits } from '../../lib/limits/limits.js'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { declared, limitsOf, tickUntilAborted, ticks, untilOpen } from '../limits/server.js'
import { type Random, SCALE, seeded } from './random.js'
import { expectSurvival } from './survival.js'

expectSurvival(t)

const STEPS = 150 * SCALE
const MAX_STREAMS = 8
const MAX_PER_KEY = 3
const KEYS = ['ann', 'bob', 'cat', 'dan'] as const
const EVENT_SOURCE = 'Accept: text/event-stream'

const either = { schema: { response: { 200: { content: { 'text/event-stream': { schema: ticks }, 'application/json': { schema: Type.Object({ plain: Type.Boolean() }) } } } } } }
const job = eventStream({ tick: Type.Integer(), done: Type.Null() }, { final: ['done'] })

/** Streams that stay open, as a route can make them. */
const STAYING = ['/generator', '/sink', '/pushed', '/channel', '/undeclared', '/either', '/slow-start', '/hijacked'] as const

/** Requests that are over at once, and what they answer: none is a stream when its answer has come. */
const PASSING: ReadonlyArray<readonly [path: string, method: string, headers: readonly string[], answer: RegExp, isStream: boolean]> = [
  ['/generator', 'HEAD', [EVENT_SOURCE], /^HTTP\/1\.1 200 /, false],
  ['/undeclared', 'HEAD', [EVENT_SOURCE], /^HTTP\/1\.1 200 /, false],
  ['/generator', 'GET', ['Accept: application/json'], /^HTTP\/1\.1 406 /, false],
  ['/either', 'GET', ['Accept: application/json'], /\{"plain":true\}$/, false],
  ['/job', 'GET', [EVENT_SOURCE, 'Last-Event-ID: stream-end'], /^HTTP\/1\.1 204 /, false],
  ['/nowhere', 'GET', [EVENT_SOURCE], /^HTTP\/1\.1 404 /, false],
  ['/unauthorized', 'GET', [EVENT_SOURCE], /^HTTP\/1\.1 401 /, false],
  ['/job', 'GET', [EVENT_SOURCE], /event: done/, true],
  ['/posted', 'POST', ['Content-Length: 0'], /event: tick/, true],
  ['/fails-first', 'GET', [EVENT_SOURCE], /^HTTP\/1\.1 500 /, true],
  ['/fails-later', 'GET', [EVENT_SOURCE], /event: tick/, true],
  ['/missing', 'GET', [EVENT_SOURCE], /^HTTP\/1\.1 404 /, true],
  ['/replaced', 'GET', [EVENT_SOURCE], /replaced$/, true],
  ['/hook-fails', 'GET', [EVENT_SOURCE], /^HTTP\/1\.1 500 /, true],
  ['/bad-header', 'GET', [EVENT_SOURCE], /^HTTP\/1\.1 500 /, true]
]

interface Gates { arrived: () => void, go: Promise<void> }

function declareRoutes (app: FastifyInstance, gates: { current: Gates | undefined }): void {
  const stay = async function * (_request: FastifyRequest, reply: FastifyReply) { yield * tickUntilAborted(reply.sse.signal) }
  const channel = app.sse.channel('ticks', ticks)
  app.addHook('preHandler', async request => {
    if (request.headers['x-wait'] === undefined) return
    gates.current?.arrived()
    await gates.current?.go
  })
  app.get('/generator', declared, stay)
  app.get('/sink', declared, (_request, reply) => {
    reply.sse.send(ticks.event.tick(1))
    return reply.sse
  })
  app.get('/pushed', async (_request, reply) => { // to whom nobody comes back
    reply.sse.send({ event: 'tick', data: 1 })
    return reply.sse
  })
  app.get('/channel', declared, request => {
    const subscription = channel.subscribe(request)
    setImmediate(() => { channel.publish(ticks.event.tick(1)) })
    return subscription
  })
  app.get('/undeclared', stay)
  app.get('/either', either, ((request: FastifyRequest, reply: FastifyReply) => request.prefersEventStream ? stay(request, reply) : { plain: true }) as never)
  app.get('/slow-start', { ...declared, sse: { commitAfterMs: 0 } }, async (request, reply) => {
    await new Promise(setImmediate)
    return stay(request, reply)
  })
  app.get('/hijacked', declared, (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
    reply.raw.write('event: tick\ndata: 1\n\n')
  })
  app.get('/job', { schema: { response: { 200: job } } }, async function * () { yield job.event.done() })
  app.get('/unauthorized', { ...declared, preHandler: async (_request: FastifyRequest, reply: FastifyReply) => reply.code(401).send({}) }, stay)
  app.post('/posted', declared, async function * () { yield ticks.event.tick(1) })
  app.get('/fails-first', declared, async function * () { throw new Error('early') })
  app.get('/fails-later', declared, async function * () {
    yield ticks.event.tick(1)
    throw new Error('late')
  })
  app.get('/missing', declared, (async (_request: FastifyRequest, reply: FastifyReply) => reply.code(404).send({ missing: true })) as never)
  app.get('/replaced', { ...declared, onSend: async (_request: FastifyRequest, _reply: FastifyReply, payload: unknown) => typeof payload === 'string' ? payload : 'replaced' }, stay)
  app.get('/hook-fails', {
    ...declared,
    onSend: async (_request: FastifyRequest, _reply: FastifyReply, payload: unknown) => {
      if (typeof payload !== 'string') throw new Error('hook')
      return payload
    }
  }, stay)
  app.get('/bad-header', declared, async function * (_request, reply) {
    reply.header('x-bad', 'a\nb')
    yield ticks.event.tick(1)
  })
}

/** What should be counted, as the clients see it: each step ends when server and client have come to rest. */
class Model {
  readonly counts = { opened: 0, refused: 0, passed: 0, left: 0, ahead: 0 }
  readonly #t: Test
  readonly #port: number
  readonly #limits: Limits
  readonly #random: Random
  readonly #gates: { current: Gates | undefined }
  readonly #open: Array<{ client: RawClient, key: string }> = []

  constructor (t: Test, port: number, limits: Limits, random: Random, gates: { current: Gates | undefined }) {
    this.#t = t
    this.#port = port
    this.#limits = limits
    this.#random = random
    this.#gates = gates
  }

  async step (): Promise<void> {
    const random = this.#random
    const key = random.pick(KEYS)
    const kind = random.below(10)
    if (kind < 4) await this.#stay(random.pick(STAYING), key)
    else if (kind < 6) await this.#pass(PASSING[random.below(PASSING.length)] as typeof PASSING[number], key)
    else if (kind < 8) this.#leave()
    else if (kind < 9) await this.#leaveEarly(key)
    else await this.#askAhead(key)
    await this.#rest()
  }

  async leaveAll (): Promise<void> {
    while (this.#open.length > 0) this.#leave()
    await this.#rest()
  }

  #isFull (key: string): boolean {
    return this.#open.length >= MAX_STREAMS || this.#open.filter(each => each.key === key).length >= MAX_PER_KEY
  }

  #connect (): RawClient {
    return new RawClient(this.#t, this.#port)
  }

  async #stay (path: string, key: string): Promise<void> {
    const client = this.#connect().request(path, { headers: [EVENT_SOURCE, `X-User: ${key}`] })
    if (this.#isFull(key)) {
      await client.until(({ text }) => /\r\n\r\nretry: \d{4,5}\n$/.test(text))
      this.counts.refused++
      client.socket.destroy()
      return
    }
    await client.until(({ text }) => text.includes('event: tick\ndata: 1'))
    this.#open.push({ client, key })
    this.counts.opened++
  }

  async #pass ([path, method, headers, answer, isStream]: typeof PASSING[number], key: string): Promise<void> {
    const client = this.#connect().request(path, { method, headers: [...headers, `X-User: ${key}`, 'Connection: close'] })
    await client.until(({ ended }) => ended !== undefined)
    const isRefused = isStream && this.#isFull(key)
    const refused = method === 'GET' ? /\r\n\r\nretry: \d{4,5}\n$/ : /^HTTP\/1\.1 (503|429) [^]*retry-after: \d+/
    const expected = isRefused ? refused : answer
    if (!expected.test(method === 'HEAD' || isRefused ? client.text : `${client.text.split('\r\n')[0]} ${client.body}`)) throw new Error(`${method} ${path} has ${client.text} instead of ${expected}`)
    if (isRefused) this.counts.refused++
    else this.counts.passed++
  }

  #leave (): void {
    const [gone] = this.#open.splice(this.#random.below(this.#open.length), 1)
    if (gone === undefined) return
    gone.client.socket.destroy()
    this.counts.left++
  }

  /** Before the handler has run. */
  async #leaveEarly (key: string): Promise<void> {
    let pass = (): void => {}
    const go = new Promise<void>(resolve => { pass = resolve })
    const arrived = new Promise<void>(resolve => { this.#gates.current = { arrived: resolve, go } })
    const client = this.#connect().request(this.#random.pick(STAYING), { headers: [EVENT_SOURCE, `X-User: ${key}`, 'X-Wait: 1'] })
    await arrived
    client.socket.destroy()
    if (this.#random.chance(0.5)) await once(client.socket, 'close')
    for (let turns = this.#random.below(3); turns > 0; turns--) await new Promise(setImmediate)
    pass()
    this.counts.left++
  }

  /** Several requests on one connection, of which only the first has its turn. */
  async #askAhead (key: string): Promise<void> {
    const client = this.#connect()
    const isFull = this.#isFull(key)
    for (let i = 0; i < 3; i++) client.request('/generator', { headers: [EVENT_SOURCE, `X-User: ${key}`] })
    await client.until(({ text }) => isFull ? (text.match(/retry: \d{4,5}\n/g) ?? []).length === 3 : text.includes('event: tick'))
    client.socket.destroy()
    this.counts.ahead++
  }

  /** The server has noticed what its clients did, and counts what they have. */
  async #rest (): Promise<void> {
    const keys = new Set(this.#open.map(({ key }) => key)).size
    const until = performance.now() + 5_000
    while (this.#limits.open !== this.#open.length || this.#limits.keys !== keys) {
      if (performance.now() > until) throw new Error(`${this.#limits.open} streams of ${this.#limits.keys} keys are counted instead of ${this.#open.length} of ${keys}`)
      await new Promise(setImmediate)
    }
  }
}

t.test('streams are counted exactly, however they live and end', async t => {
  const random = seeded(t)
  const { app, listen } = await loadedApp(t, { maxStreams: MAX_STREAMS, maxStreamsPerKey: MAX_PER_KEY, streamKey: request => String(request.headers['x-user']) })
  const gates: { current: Gates | undefined } = { current: undefined }
  declareRoutes(app, gates)
  const { port } = await listen()
  const limits = limitsOf(app)
  const model = new Model(t, port, limits, random, gates)
  for (let i = 0; i < STEPS; i++) await model.step()
  for (const [what, count] of Object.entries(model.counts)) t.ok(count > 0, `${what}: ${count}`)
  await model.leaveAll()
  t.strictSame([limits.open, limits.keys], [0, 0])
})

t.test('of many that come at once, exactly as many begin as there is room for, wherever their hooks let them wait', async t => {
  const random = seeded(t)
  const { app, listen } = await loadedApp(t, { maxStreams: MAX_STREAMS })
  app.addHook('preHandler', async () => {
    for (let turns = random.below(5); turns > 0; turns--) await new Promise(setImmediate)
  })
  const handler = async (_request: FastifyRequest, reply: FastifyReply) => {
    for (let turns = random.below(5); turns > 0; turns--) await new Promise(setImmediate)
    return tickUntilAborted(reply.sse.signal)
  }
  app.get('/generator', declared, handler)
  app.get('/undeclared', handler)
  const { port } = await listen()
  const limits = limitsOf(app)
  for (let round = 0; round < 3; round++) {
    const clients = Array.from({ length: 60 }, () => new RawClient(t, port).request(random.pick(['/generator', '/undeclared']), { headers: [EVENT_SOURCE] }))
    const begun = await Promise.all(clients.map(async client => {
      await client.until(({ text }) => /data: 1|\r\n\r\nretry: \d{4,5}\n$/.test(text) && !/retry: 2000\n$/.test(text))
      return client.text.includes('data: 1')
    }))
    t.equal(begun.filter(Boolean).length, MAX_STREAMS)
    t.equal(limits.open, MAX_STREAMS)
    for (const { socket } of clients) socket.destroy()
    await untilOpen(limits, 0)
  }
})

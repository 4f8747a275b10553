import { request as ask, type IncomingMessage, type RequestOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import { createParser } from 'eventsource-parser'
import type { FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { eventStream } from '../../lib/index.js'
import type { Channel, Subscription, Topic } from '../../types/channel.js'
import { loadedApp } from '../helpers/app.js'
import { Account, Published, type Tick, ticks, type Wanted } from './account.js'
import { type Random, SCALE, seeded } from './random.js'
import { topicPrefix } from '../../lib/channel/topic-prefix.js'

const SUBSCRIBERS = 150
const PUBLISHERS = 4
const HISTORIES = [400, 40] as const
const TOPICS = ['a', 'b', 'room/1', 'room/2', 'room/10', 'user/1'] as const
const CHOICES: readonly [readonly Topic[], ...ReadonlyArray<readonly Topic[]>] = [
  ['a'], ['a', 'b'], [topicPrefix('room/')], [topicPrefix('room/1'), 'room/1', 'b'], [topicPrefix('')], ['nothing']
]
const FILTERS: readonly [(tick: Tick) => boolean, ...Array<(tick: Tick) => boolean>] = [({ offset }) => offset % 3 === 0, ({ offset }) => offset % 50 === 1]

/** A generator's own event comes before those of its subscription. */
const greeted = eventStream({ ...ticks.schemas, hello: Type.Null() })

t.setTimeout(120_000 * SCALE)

interface Side { channel: Channel<typeof ticks.schemas>, published: Published }

/** A subscriber, for as long as it comes back. */
interface Subscriber { sides: readonly Side[], wanted: readonly Wanted[], account: Account, random: Random, path: string }

interface Totals { connections: number, deliveries: number, resumes: number, gaps: number, slow: number, cut: number }

class Stress {
  readonly totals: Totals = { connections: 0, deliveries: 0, resumes: 0, gaps: 0, slow: 0, cut: 0 }
  readonly #sides: readonly [Side, ...Side[]]
  #server: RequestOptions = {}
  readonly #byId = new Map<string, Subscriber>()
  /** Those that are connected, and how each leaves. */
  readonly #open = new Map<Subscriber, () => void>()
  readonly #pads: number
  #isOver = false
  #failure: unknown

  /** @param pads Characters of the largest event. */
  constructor (sides: readonly [Side, ...Side[]], pads: number) {
    this.#sides = sides
    this.#pads = pads
  }

  /** Subscribes for a request, in the server. */
  subscribe (request: FastifyRequest, merge: (...subscriptions: Array<Subscription<unknown>>) => Subscription<unknown>): Subscription<unknown> {
    const { id } = request.params as { id: string }
    const { sides, wanted, account } = this.#byId.get(id) as Subscriber
    const subscriptions = sides.map(({ channel }, i) => {
      const { topics, filter } = wanted[i] as Wanted
      return channel.subscribe(request, {
        ...topics && { topics }, ...filter && { filter: ({ data }) => filter(data as Tick) }
      }) as Subscription<unknown>
    })
    if (account.id !== undefined) this.totals.resumes++
    account.begin()
    return subscriptions.length === 1 ? subscriptions[0] as Subscription<unknown> : merge(...subscriptions)
  }

  /** Goes on until that many have come back. */
  async run (server: RequestOptions, random: Random, resumes: number): Promise<void> {
    this.#server = server
    const subscribers = Array.from({ length: SUBSCRIBERS }, async (_, i) => { await this.#stay(this.#subscriber(random.fork(), String(i))) })
    await Promise.all(Array.from({ length: PUBLISHERS }, async () => { await this.#publish(random.fork(), resumes) }))
    this.#isOver = true
    for (const [{ account }, leave] of this.#open) if (account.isComplete) leave()
    const late = new AbortController()
    void delay(60_000, undefined, { signal: late.signal }).then(() => {
      const [first] = this.#open
      this.#fail(new Error(`${this.#open.size} subscribers still wait, the first of them after\n${first?.[0].account.describe()}`))
    }).catch(() => {})
    await Promise.all(subscribers)
    late.abort()
    if (this.#failure !== undefined) throw this.#failure
  }

  #subscriber (random: Random, id: string): Subscriber {
    const sides = random.chance(0.25) ? this.#sides : [random.pick(this.#sides)]
    const wanted = sides.map(({ published }) => ({
      published,
      topics: random.chance(0.5) ? undefined : random.pick(CHOICES),
      filter: random.chance(0.75) ? undefined : random.pick(FILTERS)
    }))
    const kind = random.pick(['returned', 'returned', 'returned', 'generated'])
    const subscriber = { sides, wanted, account: new Account(wanted), random, path: `/${kind}/${id}` }
    this.#byId.set(id, subscriber)
    return subscriber
  }

  /** Bursts, and pauses. */
  async #publish (random: Random, resumes: number): Promise<void> {
    while (this.totals.resumes < resumes && this.#failure === undefined) {
      const { channel, published } = random.pick(this.#sides)
      for (let burst = random.chance(0.02) ? 100 : 1 + random.below(5); burst > 0; burst--) {
        const topic = random.chance(0.2) ? undefined : random.pick(TOPICS)
        const data = { ...published.add(topic), pad: 'x'.repeat(random.below(this.#pads)) }
        const stored = channel.publish({ event: 'tick', data }, topic === undefined ? {} : { topic })
        if (random.chance(0.3)) await stored
      }
      await (random.chance(0.5) ? turn() : delay(random.below(200)))
    }
  }

  /** Connects again and again. */
  async #stay (subscriber: Subscriber): Promise<void> {
    const { account, random } = subscriber
    do {
      await delay(random.below(random.chance(0.1) ? 1_000 : 30))
      await this.#connect(subscriber)
    } while (this.#failure === undefined && (!this.#isOver || !account.isComplete))
    for (const total of ['deliveries', 'gaps'] as const) this.totals[total] += account[total]
  }

  async #connect (subscriber: Subscriber): Promise<void> {
    const { account, random, path } = subscriber
    this.totals.connections++
    const { id } = account
    await new Promise<void>(resolve => {
      const sent = ask({ ...this.#server, agent: false, path, headers: id === undefined ? {} : { 'last-event-id': id } })
      const leave = (): void => { sent.destroy() }
      this.#open.set(subscriber, leave)
      const over = (): void => {
        this.#open.delete(subscriber)
        resolve()
      }
      sent.on('error', () => {}) // it may have left before there was a response, or the server has cut it off
      sent.on('close', over)
      sent.on('response', response => {
        // What has arrived is read first, even if the connection is closed by now.
        sent.off('close', over)
        response.on('close', over)
        this.#read(response, subscriber, leave)
      })
      if (random.chance(0.05)) setTimeout(leave, random.below(5))
      sent.end()
    })
  }

  #read (response: IncomingMessage, { account, random }: Subscriber, leave: () => void): void {
    const parser = createParser({
      onEvent: ({ event = 'message', id, data }) => { if (event !== 'hello') account.take({ event, id, data: JSON.parse(data) }) },
      onError: error => { throw error }
    })
    // In the midst of a frame, as likely as not.
    let left = random.chance(0.6) ? 1 + random.below(this.#pads * 10) : Infinity
    const isLazy = random.chance(0.3)
    const leaving = setTimeout(leave, (isLazy ? 1_000 : 0) + random.below(500))
    response.on('close', () => { clearTimeout(leaving) })
    response.on('error', () => { this.totals.cut++ })
    response.on('data', (bytes: Buffer) => {
      if (left <= 0) return
      try {
        parser.feed(bytes.subarray(0, left).toString('latin1')) // these events are ASCII
      } catch (error) {
        this.#fail(error)
      }
      left -= bytes.length
      if (left <= 0 || (this.#isOver && account.isComplete)) leave()
      else if (isLazy && random.chance(0.05)) {
        response.pause()
        setTimeout(() => { response.resume() }, random.below(1_000))
      }
    })
  }

  #fail (error: unknown): void {
    this.#failure ??= error
    this.#isOver = true
    for (const leave of this.#open.values()) leave()
  }
}

/** What is asked of the server and of its clients. */
interface StressOptions { path?: string, resumes: number, pads: number, maxAgeMs?: number, maxBufferedBytes?: number }

async function stress (t: Test, { path, resumes, pads, ...options }: StressOptions): Promise<Totals> {
  const { app, logs } = await loadedApp(t, { maxBufferedBytes: 64 * 1024, heartbeatMs: 100, ...options })
  const side = (i: 0 | 1): Side => ({
    channel: app.sse.channel(`channel ${i}`, ticks, { history: { maxEvents: HISTORIES[i] } }),
    published: new Published(i, HISTORIES[i])
  })
  const sides = [side(0), side(1)] as const
  const run = new Stress(sides, pads)
  const subscribe = (request: FastifyRequest): Subscription<unknown> => run.subscribe(request, app.sse.merge)
  app.get('/returned/:id', { schema: { response: { 200: ticks } } }, request => subscribe(request) as never)
  app.get('/generated/:id', { schema: { response: { 200: greeted } } }, async function * (request) {
    const subscription = subscribe(request)
    yield { event: 'hello', data: null }
    yield * subscription as AsyncIterable<never>
  })
  await app.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path })
  const server = path === undefined ? { host: '127.0.0.1', port: (app.server.address() as { port: number }).port } : { socketPath: path }
  await run.run(server, seeded(t), resumes * SCALE)
  const { totals } = run
  while (sides.some(({ channel }) => channel.subscriberCount() > 0)) await turn()
  totals.slow = logs.filter(({ stream }) => stream?.['reason'] === 'slow').length
  t.comment(`${sides.map(({ published }) => published.head).join(' + ')} events, ${JSON.stringify(totals)}`)
  t.ok(totals.gaps > 20, 'some too late')
  t.notOk(logs.some(({ level }) => level >= 50), 'nothing has failed')
  return totals
}

t.test('whoever loses its connection at any moment resumes with exactly what was published', async t => {
  await stress(t, { resumes: 1_500, pads: 200 })
})

t.test('the same with small buffers, large events and streams that end by themselves', async t => {
  const { slow } = await stress(t, { path: join(tmpdir(), `sse-${process.pid}.sock`), resumes: 1_000, pads: 4_000, maxAgeMs: 500, maxBufferedBytes: 8 * 1024 })
  t.ok(slow > 0, 'some were too slow')
})

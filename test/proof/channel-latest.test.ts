import { once } from 'node:events'
import { type IncomingMessage } from 'node:http'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import { createParser } from 'eventsource-parser'
import t, { type Test } from 'tap'
import { eventStream } from '../../lib/index.js'
import type { Channel } from '../../types/channel.js'
import { loadedApp } from '../helpers/app.js'
import { connect } from '../helpers/event-stream-client.js'
import { type Random, SCALE, seeded } from './random.js'

const KEYS = 500
const SUBSCRIBERS = 60
const prices = eventStream({ price: Type.Object({ key: Type.String(), n: Type.Integer(), gone: Type.Boolean(), pad: Type.String() }) })
type Prices = Channel<typeof prices.schemas>
interface Price { key: string, n: number, gone: boolean }

t.setTimeout(120_000 * SCALE)

/** What was published last of every key that is there. */
class Market {
  readonly truth = new Map<string, number>()
  published = 0
  readonly #channel: Prices
  readonly #random: Random

  constructor (channel: Prices, random: Random) {
    this.#channel = channel
    this.#random = random
  }

  publish (key = `key ${this.#random.below(KEYS)}`): void {
    const n = ++this.published
    const gone = this.truth.has(key) && this.#random.chance(0.02)
    if (gone) this.truth.delete(key)
    else this.truth.set(key, n)
    void this.#channel.publish({ event: 'price', data: { key, n, gone, pad: 'x'.repeat(100) } }, { tombstone: gone })
  }
}

/** A subscriber's own idea of the market. */
class View {
  readonly values = new Map<string, number>()
  readonly #newest = new Map<string, number>()
  id: string | undefined
  deliveries = 0
  #offset = 0

  take (event: string | undefined, id: string | undefined, data: unknown): void {
    const offset = Number(id?.split('.')[1])
    if (!(offset >= this.#offset)) throw new Error(`${id} comes after ${this.#offset}`)
    this.#offset = offset
    this.id = id
    if (event === 'stream-position') return
    if (event !== 'price') throw new Error(`a ${event}`)
    const { key, n, gone } = data as Price
    if (n <= (this.#newest.get(key) ?? 0)) throw new Error(`${n} of ${key} is not newer than ${this.#newest.get(key)}`)
    this.#newest.set(key, n)
    this.deliveries++
    if (gone) this.values.delete(key)
    else this.values.set(key, n)
  }

  agrees ({ truth }: Market): boolean {
    if (this.values.size !== truth.size) return false
    for (const [key, n] of truth) if (this.values.get(key) !== n) return false
    return true
  }
}

async function open (t: Test): Promise<{ url: string, channel: Prices }> {
  const { app, listen } = await loadedApp(t, { heartbeatMs: 50 })
  const channel = app.sse.channel('prices', prices, { retain: 'latest', key: ({ data }) => (data as Price).key }) as Prices
  app.get('/prices', { schema: { response: { 200: prices } } }, request => channel.subscribe(request) as never)
  const { url } = await listen()
  return { url, channel }
}

t.test('fast or slow, away or back, everyone ends up with the newest value of every key', async t => {
  const { url, channel } = await open(t)
  const random = seeded(t)
  const market = new Market(channel, random.fork())
  const publishing = { isOver: false }
  let resumes = 0
  let failure: unknown

  const follow = async (random: Random): Promise<View> => {
    const view = new View()
    const isSlow = random.chance(0.4)
    while (!publishing.isOver || !view.agrees(market)) {
      if (failure !== undefined) throw failure
      if (view.id !== undefined) resumes++
      const response: IncomingMessage = await connect(t, `${url}/prices`, { headers: view.id === undefined ? {} : { 'last-event-id': view.id } })
      const parser = createParser({ onEvent: ({ event, id, data }) => { view.take(event, id, JSON.parse(data)) } })
      const leaving = setTimeout(() => { if (!publishing.isOver) response.destroy() }, random.below(1_500))
      response.on('data', (bytes: Buffer) => {
        try {
          parser.feed(bytes.toString('latin1'))
        } catch (error) {
          failure ??= error
        }
        if (failure !== undefined || (publishing.isOver && view.agrees(market))) response.destroy()
        else if (isSlow && !publishing.isOver) {
          response.pause()
          void delay(random.below(400)).then(() => { response.resume() })
        }
      })
      if (!response.closed) await once(response, 'close')
      clearTimeout(leaving)
    }
    return view
  }

  const following = Promise.all(Array.from({ length: SUBSCRIBERS }, async () => await follow(random.fork())))
  following.catch(() => { publishing.isOver = true })
  for (let rounds = 0; rounds < 400 * SCALE && !publishing.isOver; rounds++) {
    for (let n = 0; n < 50; n++) market.publish()
    await delay(5)
  }
  publishing.isOver = true
  market.publish() // so that those who have everything look again
  const views = await following
  t.ok(views.every(view => view.agrees(market)))
  t.ok(resumes > 50)
  const deliveries = views.reduce((sum, view) => sum + view.deliveries, 0)
  t.ok(deliveries < SUBSCRIBERS * market.published, 'the slow were spared some')
  t.comment(`${market.published} events, ${market.truth.size} keys left, ${deliveries} deliveries, ${resumes} resumes`)
})

t.test('never does more than one event of a key wait for a subscriber', async t => {
  const { channel } = await open(t)
  const market = new Market(channel, seeded(t))
  for (let n = 0; n < KEYS; n++) market.publish(`key ${n}`)
  const controller = new AbortController()
  const events = channel.subscribe({ signal: controller.signal })[Symbol.asyncIterator]()
  const view = new View()
  const next = async (): Promise<string> => {
    const { value } = await events.next()
    view.take(value.event, value.id, value.data)
    return value.event === 'price' ? value.data.key : ''
  }
  await next()
  for (let pause = 0; pause < 30; pause++) {
    for (let n = 0; n < 2_000; n++) {
      market.publish()
      if (n % 100 === 0) await turn()
    }
    await turn()
    const keys: string[] = []
    while (!view.agrees(market)) keys.push(await next())
    if (new Set(keys).size !== keys.length) t.fail('a key has come twice', { keys: keys.length })
    t.ok(keys.length <= KEYS, `${keys.length} of 2,000 had waited`)
  }
  controller.abort()
})

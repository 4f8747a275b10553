import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import type { Channel, Departure, Presence, Subscription } from '../../types/channel.js'
import { loadedApp, type TestApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { ticks } from './account.js'
import { type Random, SCALE, seeded } from './random.js'
import { expectSurvival } from './survival.js'

type Ticks = Channel<typeof ticks.schemas, never, string>

expectSurvival(t)

/** Everyone who has come and gone, by name. */
class Visitors {
  readonly came: string[] = []
  readonly went: string[] = []
  readonly reasons = new Map<string, number>()

  constructor (channel: Ticks) {
    channel.on('subscribe', ({ identity }: Presence<string>) => { this.came.push(identity as string) })
    channel.on('unsubscribe', ({ identity, reason }: Departure<string>) => {
      this.went.push(identity as string)
      this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1)
    })
  }

  /** Those who are there, if everyone has come before leaving, and only once. */
  get present (): string[] {
    const present = new Set(this.came)
    if (present.size !== this.came.length) throw new Error('somebody has come twice')
    for (const name of this.went) if (!present.delete(name)) throw new Error(`${name} has left without having come, or twice`)
    return [...present]
  }
}

async function open (t: Test, options: Parameters<typeof loadedApp>[1] = {}): Promise<TestApp & { channel: Ticks, visitors: Visitors }> {
  const testApp = await loadedApp(t, options)
  const channel = testApp.app.sse.channel('ticks', ticks, {
    identity: (request: FastifyRequest) => (request.params as { id: string }).id
  }) as Ticks
  testApp.app.get('/ticks/:id', { schema: { response: { 200: ticks } } }, request => channel.subscribe(request) as never)
  testApp.app.get('/short/:id', { schema: { response: { 200: ticks } }, config: { sse: { maxAgeMs: 50 } } }, request => channel.subscribe(request) as never)
  testApp.app.get('/expiring/:id', { schema: { response: { 200: ticks } } }, request => channel.subscribe(request, { expiresAt: Date.now() + 20 }) as never)
  testApp.app.get('/iterated/:id', { schema: { response: { 200: ticks } } }, async function * (request) {
    for await (const event of channel.subscribe(request)) if (event.event === 'tick') yield event
  })
  return { ...testApp, channel, visitors: new Visitors(channel) }
}

async function settle (condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}

t.test('everyone who comes is told once, and once when leaving, however that happens', async t => {
  const { channel, visitors, listen, app } = await open(t, { closeSpreadMs: 0 })
  const { port } = await listen()
  const random: Random = seeded(t)
  let n = 0
  const publishing = setInterval(() => { void channel.publish({ event: 'tick', data: { channel: 0, offset: 0, pad: '' } }) }, 2)
  t.teardown(() => { clearInterval(publishing) })
  const visit = async (): Promise<void> => {
    const how = random.pick(['ticks', 'iterated', 'short', 'expiring'])
    const client = new RawClient(t, port).request(`/${how}/${n++}`)
    const endsItself = how === 'short' || how === 'expiring'
    const leave = random.pick(['at once', 'soon', 'crash', endsItself ? 'never' : 'soon'])
    if (leave === 'soon') await client.until(({ text, ended }) => text.includes('tick') || ended !== undefined)
    if (leave === 'crash') {
      await client.until(({ text, ended }) => text.includes('\r\n\r\n') || ended !== undefined)
      client.socket.resetAndDestroy()
    }
    if (leave === 'never') await client.until(({ ended, isComplete }) => isComplete || ended !== undefined)
    client.socket.destroy()
    if (!client.socket.closed) await once(client.socket, 'close')
  }
  await Promise.all(Array.from({ length: 40 }, async () => { for (let visits = 12 * SCALE; visits > 0; visits--) await visit() }))
  await settle(() => channel.subscriberCount() === 0)
  t.same(visitors.present, [])
  for (const reason of ['client', 'max-age', 'expired']) t.ok(visitors.reasons.get(reason) as number > 5, `${visitors.reasons.get(reason)} left for ${reason}`)

  const late = Array.from({ length: 50 }, () => new RawClient(t, port).request(`/${random.pick(['ticks', 'iterated'])}/${n++}`))
  await settle(() => channel.subscriberCount() === late.length)
  t.same(visitors.present.length, late.length)
  await app.close()
  t.same(visitors.present, [], 'all have left with the server')
  t.ok(visitors.reasons.get('shutdown') as number > 20)
  t.equal(channel.subscriberCount(), 0)
  t.comment(`${visitors.came.length} visits, ${JSON.stringify([...visitors.reasons])}`)
})

t.test('a subscription that is iterated after its channel has closed is over, and holds nothing', async t => {
  const { channel, app, visitors } = await open(t)
  await app.ready()
  const subscription = channel.subscribe({ identity: 'late' })
  const other = app.sse.channel('other', ticks)
  const merged = app.sse.merge(other.subscribe({ identity: 'merged' }), channel.subscribe({ identity: 'merged' }))
  await channel.close()
  for (const late of [subscription, merged] as Array<Subscription<unknown>>) {
    try {
      for await (const event of late) t.fail('an event has come', { event })
    } catch (error) {
      t.match(error, { code: 'FST_ERR_SSE_CHANNEL_CLOSED' })
    }
  }
  t.equal(channel.subscriberCount(), 0)
  t.equal(other.subscriberCount(), 0)
  t.same(visitors.present, [])
})

t.test('who listens for subscribers may turn them away at once', async t => {
  const { channel, app, visitors } = await open(t)
  await app.ready()
  const other = app.sse.channel('other', ticks)
  const controller = new AbortController()
  channel.on('subscribe', () => { controller.abort() })
  const { signal } = controller
  const single = channel.subscribe({ identity: 'single', signal })
  for await (const event of single) t.fail('an event has come', { event })
  const second = new AbortController()
  channel.on('subscribe', () => { second.abort() })
  const merged = app.sse.merge(channel.subscribe({ identity: 'merged', signal: second.signal }), other.subscribe({ signal: second.signal }))
  for await (const event of merged) t.fail('an event has come', { event })
  t.equal(channel.subscriberCount(), 0)
  t.equal(other.subscriberCount(), 0)
  t.same(visitors.came, ['single', 'merged'])
  t.same(visitors.present, [])
})

import { Type } from '@sinclair/typebox'
import fastify from 'fastify'
import type { Test } from 'tap'
import sse, { type Broker, type Channel, type ChannelOptions, type EventStream, eventStream } from '../../lib/index.js'
import { open, payloads, received, resume, type Client } from '../channels/clients.js'

const counts = eventStream({ count: Type.Number() })
const alerts = eventStream({ alert: Type.Number() })
const both = eventStream({ ...counts.schemas, ...alerts.schemas })

export const SECRET = 'the first secret, of 32 bytes at least'
export const LATER_SECRET = 'the second secret, of 32 bytes at least'

/** An instance of an app whose users are told ids that are their own. */
export interface Instance {
  readonly url: string
  readonly counts: Channel<typeof counts.schemas>
  readonly alerts: Channel<typeof alerts.schemas>
  /** Publishes numbers, and gives their plain ids. */
  readonly publish: (...numbers: number[]) => Promise<string[]>
  readonly positionOf: (user: string) => Promise<string>
}

/** Users say who they are by the query: `/counts?user=Ann`. */
export async function instance (t: Test, broker?: Broker, options: ChannelOptions<never> = {}, secret: string | string[] = SECRET): Promise<Instance> {
  // Clients may connect and ask nothing, for which a server would wait when it closes.
  const app = fastify({ forceCloseConnections: true })
  t.teardown(async () => { await app.close() })
  await app.register(sse, broker === undefined ? {} : { broker })
  const signIds = { secret, scope: (request: { query: unknown }) => (request.query as { user: string }).user }
  const channels = {
    counts: app.sse.channel('counts', counts, { signIds, ...options as object }),
    alerts: app.sse.channel('alerts', alerts, { signIds })
  }
  app.get('/counts', request => channels.counts.subscribe(request))
  app.get('/from-start', request => channels.counts.subscribe(request, { from: 'start' }))
  app.get('/both', { schema: { response: { 200: both as unknown as EventStream } } }, request =>
    app.sse.merge(channels.counts.subscribe(request), channels.alerts.subscribe(request)))
  app.get('/positions', async request => ({
    one: await channels.counts.position(request),
    both: await app.sse.position(request, channels.counts, channels.alerts)
  }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as { port: number }).port}`
  return {
    ...channels,
    url,
    publish: async (...numbers) => await Promise.all(numbers.map(async n => await channels.counts.publish({ event: 'count', data: n }))),
    positionOf: async user => await channels.counts.position({ scope: user })
  }
}

/** Opens a user's stream, and waits until it is told something. */
export async function listen (t: Test, { url }: Instance, user: string, path = '/counts'): Promise<Client> {
  const client = await open(t, `${url}${path}?user=${user}`)
  await client.until(({ length }) => length > 0)
  return client
}

export async function comeBack (t: Test, { url }: Instance, user: string, id: string, path = '/counts'): Promise<Client> {
  return await resume(t, `${url}${path}?user=${user}`, id)
}

/** What a `stream-gap` says. */
export async function gapOf (client: Client): Promise<{ requested: string, earliest: string, id: string }> {
  await client.until(events => events.some(({ event }) => event === 'stream-gap'))
  const { data = '', id } = client.items.find(({ event }) => event === 'stream-gap') ?? {}
  return { ...JSON.parse(data) as { requested: string, earliest: string }, id: id ?? '' }
}

/** What has to hold on every broker. Two instances that share what is published, or the same one twice. */
export async function checkSignedIds (t: Test, first: Instance, second: Instance): Promise<void> {
  const ann = await listen(t, first, 'Ann')
  const plain = await first.publish(1, 2, 3)
  t.strictSame(await received(ann, 3), [1, 2, 3])
  const ids = ann.items.slice(-3).map(({ id = '' }) => id)
  t.strictSame(ids.map(id => id.replace(/\.[\w-]{22}$/, '')), plain)
  ann.leave()
  await first.publish(4, 5)

  t.strictSame(await received(await comeBack(t, second, 'Ann', ids[2] ?? ''), 2), [4, 5], 'its own id resumes, on any instance')
  t.strictSame(await received(await comeBack(t, second, 'Ann', ids[0] ?? ''), 4), [2, 3, 4, 5])

  const [, place = '', signature = ''] = /^(.*)\.([\w-]{22})$/.exec(ids[2] ?? '') ?? []
  const forged = [place, plain[0] ?? '', place.replace(/3$/, '1') + `.${signature}`, `${place}.${'A'.repeat(22)}`, `${place}.`, 'x']
  for (const [user, id] of [['Bob', ids[2] ?? ''], ...forged.map(id => ['Ann', id])] as Array<[string, string]>) {
    const client = await comeBack(t, second, user, id)
    const { requested, earliest, id: here } = await gapOf(client)
    t.strictSame({ requested, earliest, here }, { requested: id, earliest: here, here: await second.positionOf(user) }, 'a foreign or forged id is a gap that leads nowhere')
    t.strictSame(payloads(client.items), [])
    client.leave()
  }
}

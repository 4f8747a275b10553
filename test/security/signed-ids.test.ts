import t from 'tap'
import { natsBroker } from '../../lib/brokers/nats.js'
import { redisBroker } from '../../lib/brokers/redis.js'
import { connect } from '../../lib/client/connect.js'
import { memoryBroker } from '../../lib/index.js'
import { client, redis } from '../brokers/redis/fixtures.js'
import { startFor } from '../brokers/nats/fixtures.js'
import { received } from '../channels/clients.js'
import { checkSignedIds, comeBack, gapOf, instance, LATER_SECRET, listen, SECRET } from './signed-ids.js'

t.test('in memory, a forged or foreign id is a gap, and its own resumes', async t => {
  const one = await instance(t)
  await checkSignedIds(t, one, one)
})

t.test('with Redis, a forged or foreign id is a gap, and its own resumes', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const broker = () => redisBroker({ client: client(t, server.port, true) })
  await checkSignedIds(t, await instance(t, broker()), await instance(t, broker()))
})

t.test('with NATS, a forged or foreign id is a gap, and its own resumes', async t => {
  const nats = await startFor(t, ['--jetstream'])
  if (nats === undefined) return
  const broker = async () => natsBroker({ connection: await nats.connect() })
  await checkSignedIds(t, await instance(t, await broker()), await instance(t, await broker()))
})

t.test('a forged id begins where nobody could without one, unless all may have the start', async t => {
  const one = await instance(t)
  const [plain = ''] = await one.publish(1, 2)
  const { earliest } = await gapOf(await comeBack(t, one, 'Ann', plain))
  const again = await comeBack(t, one, 'Ann', earliest)
  await one.publish(3)
  t.strictSame(await received(again, 1), [3], 'where a gap leads, nothing from before it is')
  const fromStart = await gapOf(await comeBack(t, one, 'Ann', plain, '/from-start'))
  t.strictSame(await received(await comeBack(t, one, 'Ann', fromStart.earliest), 3), [1, 2, 3])
})

t.test('an id whose events are gone leads to all that is left, since what follows it was for its user', async t => {
  const one = await instance(t, undefined, { history: { maxEvents: 2 } } as never)
  const id = await one.positionOf('Ann')
  await one.publish(1, 2, 3, 4)
  const { earliest } = await gapOf(await comeBack(t, one, 'Ann', id))
  t.strictSame(await received(await comeBack(t, one, 'Ann', earliest), 2), [3, 4])
})

t.test('a snapshot takes the place of the gap that a forged id makes', async t => {
  const one = await instance(t, undefined, { snapshot: () => [{ event: 'count', data: 99 }] } as never)
  const [plain = ''] = await one.publish(1, 2)
  const ann = await comeBack(t, one, 'Ann', plain)
  t.strictSame(await received(ann, 1), [99])
  await one.publish(3)
  t.strictSame(await received(ann, 2), [99, 3])
})

t.test('a secret can be replaced without a gap, and an id by one that is gone is a gap', async t => {
  const broker = memoryBroker() // outlives the instances, as an engine does
  const before = await instance(t, broker)
  const id = await before.positionOf('Ann')
  const rotated = await instance(t, broker, {}, [LATER_SECRET, SECRET])
  const after = await instance(t, broker, {}, LATER_SECRET)
  await before.publish(1)

  const ann = await comeBack(t, rotated, 'Ann', id)
  t.strictSame(await received(ann, 1), [1])
  const renewed = ann.items.at(-1)?.id ?? ''
  await before.publish(2)
  t.strictSame(await received(await comeBack(t, after, 'Ann', renewed), 1), [2])
  t.match(await gapOf(await comeBack(t, after, 'Ann', id)), { requested: id })
})

t.test('merged channels have one id, of which each part is proved', async t => {
  const one = await instance(t)
  const ann = await listen(t, one, 'Ann', '/both')
  await one.publish(1)
  await one.alerts.publish({ event: 'alert', data: 10 })
  await received(ann, 2)
  const id = ann.items.at(-1)?.id ?? ''
  t.match(id, /^[\w-]+\.1\.[\w-]{22}~[\w-]+\.1\.[\w-]{22}$/)
  ann.leave()
  await one.publish(2)
  await one.alerts.publish({ event: 'alert', data: 20 })
  t.strictSame((await received(await comeBack(t, one, 'Ann', id, '/both'), 2)).sort(), [2, 20])

  const [counts = '', alerts = ''] = id.split('~')
  const half = await comeBack(t, one, 'Ann', `${counts}~${alerts.replace(/\.1\./, '.0.')}`, '/both')
  await gapOf(half)
  t.strictSame(await received(half, 1), [2], 'the part that is its own goes on')
  t.equal(half.items.filter(({ event }) => event === 'stream-gap').length, 1)
})

t.test('a page is rendered with positions for its user', async t => {
  const one = await instance(t)
  await one.publish(1)
  const positions = await (await fetch(`${one.url}/positions?user=Ann`)).json() as { one: string, both: string }
  t.equal(positions.one, await one.positionOf('Ann'))
  await one.publish(2)
  await one.alerts.publish({ event: 'alert', data: 20 })
  t.strictSame(await received(await comeBack(t, one, 'Ann', positions.one), 1), [2])
  t.strictSame((await received(await comeBack(t, one, 'Ann', positions.both, '/both'), 2)).sort(), [2, 20])
  await gapOf(await comeBack(t, one, 'Bob', positions.one))
})

t.test("this package's client comes back with a signed id, and is handed the gap of one that is not its own", async t => {
  const one = await instance(t)
  const read = async (user: string, lastEventId: string | undefined, count: number) => {
    const stream = connect(`${one.url}/counts?user=${user}`, { lastEventId })
    const seen: unknown[] = []
    for await (const { event, data } of stream) {
      seen.push(event === 'count' ? data : event)
      if (seen.length === count) break
    }
    return { seen, id: stream.lastEventId }
  }
  const start = await one.positionOf('Ann')
  await one.publish(1, 2)
  const ann = await read('Ann', start, 1)
  t.strictSame(ann.seen, [1])
  t.strictSame((await read('Ann', ann.id, 1)).seen, [2])
  t.strictSame((await read('Bob', ann.id, 1)).seen, ['stream-gap'])
})

t.test('a request of nobody in particular gets no ids, and so no stream', async t => {
  const one = await instance(t)
  const response = await fetch(`${one.url}/counts`)
  t.equal(response.status, 500)
  t.match(await response.json(), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID' })
})

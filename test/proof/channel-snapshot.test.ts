import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { SnapshotContext } from '../../types/channel.js'
import { loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { connect, eventsOf } from '../helpers/event-stream-client.js'
import { type Tick, ticks } from './account.js'

const SUBSCRIBERS = 1_000

t.setTimeout(120_000)

t.test('1,000 who come back at once too late share one snapshot for the same topics, and get exactly what comes after it', async t => {
  const { app, listen, logs } = await loadedApp(t, { maxBufferedBytes: Infinity })
  const taken: SnapshotContext[] = []
  const asked: number[] = []
  const ready = deferred()
  let head = 0
  const channel = app.sse.channel('ticks', ticks, {
    history: { maxEvents: 500 },
    async snapshot (context) {
      taken.push(context)
      asked.push(head)
      const events = [0, 1, 2, 3].map(i => ({ event: 'tick' as const, data: { channel: head, offset: -i, pad: String(context.topics?.length ?? 'all') } }))
      await ready.promise // while more is published
      return events
    }
  })
  const publish = async (events: number): Promise<void> => {
    for (; events > 0; events--) {
      const offset = ++head
      await channel.publish({ event: 'tick', data: { channel: 0, offset, pad: '' } }, offset % 2 === 0 ? { topic: 'even' } : {})
    }
  }
  app.get('/ticks/:kind', { schema: { response: { 200: ticks } } }, request => {
    const { kind } = request.params as { kind: string }
    return channel.subscribe(request, {
      ...kind === 'even' && { topics: ['even'] },
      ...kind === 'filtered' && { filter: ({ data }) => (data as Tick).offset % 2 === 0 }
    })
  })
  const { url } = await listen()
  const gone = await channel.position()
  await publish(600)

  const kinds = ['all', 'even', 'filtered'] as const
  const responses: Array<{ kind: typeof kinds[number], events: ReturnType<typeof eventsOf> }> = []
  for (let n = 0; n < SUBSCRIBERS; n += 100) {
    responses.push(...await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      const kind = kinds[(n + i) % kinds.length] as typeof kinds[number]
      return { kind, events: eventsOf(await connect(t, `${url}/ticks/${kind}`, { headers: { 'last-event-id': gone } })) }
    })))
    await publish(3)
  }
  while (channel.subscriberCount() < SUBSCRIBERS) await turn()
  for (let turns = 0; turns < 100; turns++) await turn() // the last of them wait for it as well
  await publish(30)
  ready.resolve()
  while (head < (asked[0] as number) + 300) {
    await publish(1)
    await turn()
  }

  let deliveries = 0
  for (const { kind, events } of responses) {
    const isWanted = (offset: number): boolean => kind === 'all' || offset % 2 === 0
    const from = asked[taken.findIndex(({ topics }) => (topics !== undefined) === (kind === 'even'))] as number
    const expected = [0, 1, 2, 3].map(i => -i).filter(offset => kind !== 'filtered' || offset % 2 === 0)
    for (let offset = from + 1; offset <= head; offset++) if (isWanted(offset)) expected.push(offset)
    const got: number[] = []
    for await (const { event, data } of events) {
      if (event !== 'tick') continue
      const tick = JSON.parse(data) as Tick
      got.push(tick.offset)
      if (tick.offset <= 0 && tick.pad !== (kind === 'even' ? '1' : 'all')) t.fail('the snapshot is of other topics')
      if (got.length === expected.length) break
    }
    deliveries += got.length
    if (got.join() !== expected.join()) t.same(got, expected, kind)
  }
  t.equal(taken.length, 2, 'once for those with topics, once for those without')
  t.notOk(logs.some(({ level }) => level >= 50))
  t.comment(`${deliveries} deliveries to ${SUBSCRIBERS}, ${head} events`)
})

import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Broker } from '../../types/broker.js'
import type { Channel, Subscription, Topic } from '../../types/channel.js'
import { testApp } from '../helpers/app.js'
import { Account, Published, type Got, type Tick, ticks, type Wanted } from './account.js'
import { FlakyBroker } from './flaky-broker.js'
import { type Random, SCALE, seeded } from './random.js'
import { topicPrefix } from '../../lib/channel/topic-prefix.js'

const SUBSCRIBERS = 300
/** More than this waiting for one subscriber is too much. */
const MAX_BUFFERED_BYTES = 16 * 1024
const SLOW = 'the event stream was closed: slow'
const TOPICS = ['a', 'b', 'room/1', 'room/2', 'room/10', 'user/1', 'user/2'] as const
const CHOICES: ReadonlyArray<readonly Topic[]> = [
  ['a'], ['a', 'b'], [topicPrefix('room/')], [topicPrefix('room/1'), 'room/1', 'b'], [topicPrefix('')], ['user/2', topicPrefix('r')], ['nothing']
]
const FILTERS: ReadonlyArray<(tick: Tick) => boolean> = [({ offset }) => offset % 3 === 0, ({ offset }) => offset % 50 === 1, () => false]

t.setTimeout(120_000 * SCALE)

interface Side { channel: Channel<typeof ticks.schemas>, published: Published }

/** How much is published. */
interface Extent {
  /** Of each publisher. */
  events: number
  /** Events that each channel keeps. */
  histories: readonly number[]
  /** Turns of the event loop between two bursts, at most. */
  pauses: number
  /** Subscribers that have to be too slow, at least. */
  slow: number
}

interface Totals { connections: number, deliveries: number, resumes: number, gaps: number, slow: number }

type Merge = (...subscriptions: Array<Subscription<unknown>>) => Subscription<unknown>

/** Publishers and subscribers of one process, in an order that a seed decides. */
class Stress {
  readonly totals: Totals = { connections: 0, deliveries: 0, resumes: 0, gaps: 0, slow: 0 }
  readonly #sides: readonly Side[]
  readonly #merge: Merge
  #isOver = false

  constructor (sides: readonly Side[], merge: Merge) {
    this.#sides = sides
    this.#merge = merge
  }

  async run (random: Random, events: number, pauses: number): Promise<void> {
    const subscribers = Array.from({ length: SUBSCRIBERS }, async () => { await this.#subscribe(random.fork()) })
    const failed = Promise.all(subscribers).catch((error: unknown) => {
      this.#isOver = true
      throw error
    })
    await Promise.race([failed, Promise.all(Array.from({ length: 4 }, async () => { await this.#publish(random.fork(), events, pauses) }))])
    this.#isOver = true
    await failed
  }

  /** Bursts, and pauses. */
  async #publish (random: Random, events: number, pauses: number): Promise<void> {
    for (let left = events; left > 0 && !this.#isOver;) {
      const { channel, published } = random.pick(this.#sides as [Side, ...Side[]])
      for (let burst = Math.min(left, random.chance(0.05) ? 200 : 1 + random.below(10)); burst > 0; burst--, left--) {
        const topic = random.chance(0.2) ? undefined : random.pick(TOPICS)
        const data = { ...published.add(topic), pad: 'x'.repeat(random.below(200)) }
        const { offset } = data
        const stored = channel.publish({ event: 'tick', data }, topic === undefined ? {} : { topic }).then(id => {
          if (!id.endsWith(`.${offset}`)) throw new Error(`${offset} was stored as ${id}`)
        })
        if (random.chance(0.3)) await stored
      }
      for (let pause = random.below(pauses); pause > 0; pause--) await turn()
    }
  }

  async #subscribe (random: Random): Promise<void> {
    const sides = random.chance(0.25) ? this.#sides : [random.pick(this.#sides as [Side, ...Side[]])]
    const wanted: Wanted[] = sides.map(({ published }) => ({
      published,
      topics: random.chance(0.5) ? undefined : random.pick(CHOICES as [readonly Topic[]]),
      filter: random.chance(0.7) ? undefined : random.pick(FILTERS as [(tick: Tick) => boolean])
    }))
    const account = new Account(wanted)
    const patience = random.pick([0, 0, 0.02, 0.3])
    do {
      for (let pause = random.chance(0.1) ? random.below(200) : random.below(3); pause > 0; pause--) await turn()
      await this.#connect(random, sides, wanted, account, patience)
    } while (!this.#isOver || !account.isComplete)
    for (const total of ['deliveries', 'resumes', 'gaps'] as const) this.totals[total] += account[total]
  }

  /** Subscribes until it leaves. */
  async #connect (random: Random, sides: readonly Side[], wanted: readonly Wanted[], account: Account, patience: number): Promise<void> {
    this.totals.connections++
    const controller = new AbortController()
    const { signal } = controller
    const subscriptions = sides.map(({ channel }, i) => {
      const { topics, filter } = wanted[i] as Wanted
      return channel.subscribe({ lastEventId: account.id, signal }, {
        ...topics && { topics }, ...filter && { filter: ({ data }) => filter(data as Tick) }
      }) as Subscription<unknown>
    })
    account.begin()
    if (random.chance(0.2)) await turn() // what comes before it is iterated is history
    const subscription = subscriptions.length === 1 ? subscriptions[0] as Subscription<unknown> : this.#merge(...subscriptions)
    // Leaves between two events, or while it waits.
    const leavesBetween = random.chance(0.5)
    let left = leavesBetween ? 1 + random.below(40) : Infinity
    void this.#leaveLater(leavesBetween ? Infinity : 1 + random.below(50), controller, account)
    try {
      for await (const event of subscription) {
        account.take(event as Got)
        if (--left === 0) break
        if (random.chance(patience)) for (let pause = random.below(20); pause > 0; pause--) await turn()
      }
    } catch (error) {
      if ((error as Error).message !== SLOW) throw error
      this.totals.slow++
    } finally {
      controller.abort()
    }
  }

  async #leaveLater (turns: number, controller: AbortController, account: Account): Promise<void> {
    while (!controller.signal.aborted && turns-- > 0 && !(this.#isOver && account.isComplete)) await turn()
    controller.abort()
  }
}

async function stress (t: Test, broker: Broker | undefined, random: Random, { events, histories, pauses, slow }: Extent): Promise<void> {
  const { app } = testApp(t, { maxBufferedBytes: MAX_BUFFERED_BYTES, replayConcurrency: 8, heartbeatMs: 20, ...broker && { broker } })
  await app.ready()
  const sides = histories.map((maxEvents, i) => ({
    channel: app.sse.channel(`channel ${i}`, ticks, { history: { maxEvents } }),
    published: new Published(i, maxEvents)
  }))
  const run = new Stress(sides, (...subscriptions) => app.sse.merge(...subscriptions))
  await run.run(random, events * SCALE, pauses)
  const { totals } = run
  t.comment(`${sides.map(({ published }) => published.head).join(' + ')} events, ${JSON.stringify(totals)}`)
  for (const { channel } of sides) t.equal(channel.subscriberCount(), 0)
  t.ok(totals.resumes > 1_000 && totals.gaps > 100 && totals.slow >= slow, 'all of it has happened')
}

t.test('whoever leaves and comes back at any moment gets exactly what was published', async t => {
  await stress(t, undefined, seeded(t), { events: 4_000, histories: [800, 60], pauses: 8, slow: 10 })
})

t.test('the same where the log is slow, and loses what it should have handed on', async t => {
  const random = seeded(t)
  const broker = new FlakyBroker(random.fork())
  await stress(t, broker, random, { events: 1_500, histories: [2_000, 250], pauses: 10, slow: 0 })
  t.comment(`${broker.losses} losses`)
  t.ok(broker.losses > 30)
})

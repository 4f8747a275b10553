import { setTimeout as delay } from 'node:timers/promises'
import type { Lifetime } from '../helpers/lifetime.js'
import { Cluster } from './cluster.js'
import type { CrowdAccount } from './crowd.js'
import { FaultSchedule } from './faults.js'
import { type Instance, type InstanceAccount, leftOver, type Remains } from './instance.js'
import { Memory } from './memory.js'
import type { SoakOptions } from './options.js'
import type { Exit } from './peer.js'
import { tickTopics } from './topics.js'
import type { Habit } from './traffic.js'

/** What a run has found. */
export interface Findings {
  readonly options: SoakOptions
  readonly seconds: number
  readonly crowd: CrowdAccount
  /** Clients that had not got the last events a minute after all was over. */
  readonly late: number
  readonly published: number
  readonly repeated: number
  readonly largestBurst: number
  readonly faults: Readonly<Record<string, number>>
  readonly memory: Memory
  /** Of the instance that was there all the time. */
  readonly account: InstanceAccount
  /** Of the processes of the other one that were closed. */
  readonly others: readonly InstanceAccount[]
  readonly before: Remains
  readonly after: Remains
  readonly exit: Exit | 'still there'
  readonly problems: Readonly<Record<'faults' | 'publishing' | 'troubles', readonly string[]>>
}

/** What the soak asks for that is no default: it should not take megabytes for each client that does not read. */
const OPTIONS = { maxBufferedBytes: 256 * 1024 }

/** How many of the clients behave how; the rest is steady. */
const SHARES: Readonly<Record<Exclude<Habit, 'steady'>, number>> = { churning: 0.3, slow: 0.145, stalling: 0.005 }
const LEAST = 3

const SETTLED_WITHIN_MS = 90_000
const LEFT_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 500

/** Two instances, one of which has faults; clients that come, go and stay; and what became of them all. */
export async function soak (lifetime: Lifetime, redisServer: string, options: SoakOptions, onProgress: (line: string) => void): Promise<Findings> {
  const { minutes, clients, rate, seed } = options
  const cluster = await Cluster.start(lifetime, { redisServer, seed, rate, options: OPTIONS })
  const { publisher, random, redis, instances: [lasting, victim] } = cluster
  await publisher.publishLast()
  await visit(lasting) // so that it has all connections to Redis, which it keeps
  const before = await lasting.ask<Remains>('remains')
  const load = cluster.startLoad({ ports: cluster.ports, sizes: sizesOf(clients), pace: Math.max(0.2, Math.min(1, minutes / 5)) })
  await load.ask('connect', { withinMs: 120_000 })
  onProgress(`${clients} clients are connected`)

  const beganAtMs = performance.now()
  const over = new AbortController()
  const memory = new Memory()
  const faults = new FaultSchedule({ instance: victim, redis, load }, random.fork(), Math.min(40_000, minutes * 6_000), name => {
    onProgress(`${((performance.now() - beganAtMs) / 60_000).toFixed(1)} min: ${name}`)
  })
  const work = [
    publisher.publishTicks(rate, over.signal),
    publisher.publishBulk(over.signal),
    memory.watch(lasting, minutes < 5 ? 1_000 : 10_000, over.signal)
  ]
  await Promise.all([load.ask('begin'), lasting.ask('begin')])
  try {
    await Promise.race([faults.run(minutes * 60_000), Promise.all(work)]) // the latter end sooner only by failing
  } finally {
    over.abort()
  }
  await Promise.all(work)
  const seconds = (performance.now() - beganAtMs) / 1_000

  await load.ask('calm')
  await untilLive(async () => await load.ask<CrowdAccount>('account'))
  await publisher.publishLast()
  const late = await load.ask<number>('late', { last: publisher.last, withinMs: SETTLED_WITHIN_MS })
  const crowd = await load.ask<CrowdAccount>('account')
  onProgress(`everybody had ${SETTLED_WITHIN_MS / 1_000} s for the last events; ${late} do not have them`)
  const account = await lasting.ask<InstanceAccount>('account')

  await load.ask('leave')
  const after = await untilAsBefore(before, async () => await lasting.ask<Remains>('remains'))
  const exit = await lasting.close()
  await victim.close()
  return {
    options,
    seconds,
    crowd,
    late,
    published: publisher.published,
    repeated: publisher.repeated,
    largestBurst: publisher.largestBurst,
    faults: faults.counts,
    memory,
    account,
    others: victim.accounts,
    before,
    after,
    exit,
    problems: {
      faults: faults.failures,
      publishing: publisher.troubles,
      troubles: [...lasting.troubles, ...victim.troubles, ...cluster.loadTroubles]
    }
  }
}

/** One client that comes and goes. */
async function visit (instance: Instance): Promise<void> {
  const gone = new AbortController()
  const paths = ['/bulk', `/ticks/${tickTopics.join()}`]
  await Promise.all(paths.map(async path => await fetch(`http://127.0.0.1:${instance.setup.port}${path}`, { signal: gone.signal })))
  gone.abort()
  while ((await instance.ask<Remains>('remains')).counts['connections'] !== 0) await delay(LOOK_EVERY_MS)
}

function sizesOf (clients: number): Record<Habit, number> {
  const some = Object.fromEntries(Object.entries(SHARES).map(([habit, share]) => [habit, Math.max(LEAST, Math.round(clients * share))]))
  const { churning, slow, stalling } = some as typeof SHARES
  return { steady: Math.max(LEAST, clients - churning - slow - stalling), churning, slow, stalling }
}

/** Everybody has come back. Those who have not will be found late. */
async function untilLive (account: () => Promise<CrowdAccount>): Promise<void> {
  const deadlineMs = performance.now() + SETTLED_WITHIN_MS
  for (;;) {
    const { live, clients } = await account()
    if (live === clients || performance.now() > deadlineMs) return
    await delay(LOOK_EVERY_MS)
  }
}

/** What is left when nothing is that was not there before, or in the end all the same. */
async function untilAsBefore (before: Remains, remains: () => Promise<Remains>): Promise<Remains> {
  const deadlineMs = performance.now() + LEFT_WITHIN_MS
  for (;;) {
    const after = await remains()
    if (leftOver(before, after).length === 0 || performance.now() > deadlineMs) return after
    await delay(LOOK_EVERY_MS)
  }
}

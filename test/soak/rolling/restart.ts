import { setTimeout as delay } from 'node:timers/promises'
import type { FastifySseOptions } from '../../../types/options.js'
import type { Lifetime } from '../../helpers/lifetime.js'
import { until, within } from '../../helpers/within.js'
import { Cluster } from '../cluster.js'
import type { CrowdAccount } from '../crowd.js'
import type { Instance } from '../instance.js'
import { Balancer } from './balancer.js'
import { type Spread, spreadOf } from './spread.js'

export interface RollingOptions {
  readonly clients: number
  /** Events a second. */
  readonly rate: number
  readonly seed: number
  readonly overMs: number
  /** What the rate at which clients come back is held against. Default: `overMs`. */
  readonly expectedMs?: number
  readonly plugin?: FastifySseOptions
}

/** What became of one instance that was replaced. */
export interface Replaced {
  /** Streams that it had. */
  readonly streams: number
  /** From the beginning of its drain until the balancer knew that it is ready again. */
  readonly seconds: number
  readonly spread: Spread
  readonly exit: string
}

export interface Rolled {
  readonly replaced: readonly Replaced[]
  readonly crowd: CrowdAccount
  readonly late: number
  readonly published: number
  readonly unserved: number
  readonly troubles: readonly string[]
}

const LIVE_WITHIN_MS = 60_000
/** Events that everybody gets before and after each restart, about. */
const CALM_MS = 500
const GOOD = JSON.stringify({ code: 0, signal: null })

/** Replaces two instances behind a balancer, one after the other, while events are published. */
export async function rollingRestart (lifetime: Lifetime, redisServer: string, options: RollingOptions): Promise<Rolled> {
  const { clients, rate, seed, overMs, expectedMs = overMs, plugin = {} } = options
  const cluster = await Cluster.start(lifetime, { redisServer, seed, rate, options: plugin })
  const { publisher, instances } = cluster
  const balancer = await Balancer.start(lifetime, cluster.ports)
  const load = cluster.startLoad({ ports: [balancer.port], sizes: { steady: clients, churning: 0, slow: 0, stalling: 0 }, pace: 1 })
  await load.ask('connect', { withinMs: LIVE_WITHIN_MS })
  const over = new AbortController()
  const publishing = publisher.publishTicks(rate, over.signal)
  const account = async (): Promise<CrowdAccount> => await load.ask<CrowdAccount>('account')

  const replaced: Replaced[] = []
  for (const instance of instances) {
    await delay(CALM_MS)
    replaced.push(await Promise.race([publishing.then(() => { throw new Error('nobody publishes') }), replace(instance, balancer, account, overMs, expectedMs)]))
  }
  await delay(CALM_MS)
  over.abort()
  await publishing
  await publisher.publishLast()
  const late = await load.ask<number>('late', { last: publisher.last, withinMs: LIVE_WITHIN_MS })
  return {
    replaced,
    crowd: await account(),
    late,
    published: publisher.published,
    unserved: balancer.unserved,
    troubles: [...publisher.troubles, ...cluster.loadTroubles, ...instances.flatMap(({ troubles }) => troubles)]
  }
}

/** Drains, closes and starts it, and waits until it is ready and everybody is somewhere. */
async function replace (
  instance: Instance, balancer: Balancer, account: () => Promise<CrowdAccount>, overMs: number, expectedMs: number
): Promise<Replaced> {
  const { streams } = await instance.ask<{ streams: number }>('sample')
  const before = balancer.arrivals.length
  const beganAtMs = performance.now()
  const exit = JSON.stringify(await instance.close(overMs))
  await instance.start()
  await until(() => `${instance.name} to be ready`, LIVE_WITHIN_MS, () => balancer.isReady(instance.setup.port))
  const seconds = (performance.now() - beganAtMs) / 1_000
  // Who was sent away has come back, also where that takes longer than a start.
  await until(() => `${streams} clients to come back`, LIVE_WITHIN_MS, () => balancer.arrivals.length - before >= streams)
  await within('everybody to be there', LIVE_WITHIN_MS, (async () => {
    for (let all = await account(); all.live < all.clients; all = await account()) await delay(CALM_MS)
  })())
  const arrivals = balancer.arrivals.slice(before)
  return { streams, seconds, spread: spreadOf(arrivals, beganAtMs, expectedMs), exit: exit === GOOD ? 'by itself' : exit }
}

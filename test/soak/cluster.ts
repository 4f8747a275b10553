import type { FastifySseOptions } from '../../types/options.js'
import type { Lifetime } from '../helpers/lifetime.js'
import { startRedis } from '../helpers/redis-server.js'
import { freePort, type ServerProcess } from '../helpers/server-process.js'
import { Random } from '../proof/random.js'
import { compilePrograms } from './compiled.js'
import type { CrowdSetup } from './crowd.js'
import { Instance } from './instance.js'
import { Peer } from './peer.js'
import { Publisher } from './publisher.js'

export interface ClusterSetup {
  /** The path of redis-server. */
  readonly redisServer: string
  readonly seed: number
  /** Events that are published a second: what is kept is that of some minutes. */
  readonly rate: number
  readonly options?: FastifySseOptions
}

/** For longer than anybody stays away. */
const KEPT_SECONDS = 300

/** Nothing that it has acknowledged, or shown to anybody, is lost when it is killed. */
const REDIS = { appendfsync: 'always' }

/** Two instances of an app that share a Redis, and who publishes. Clients are another process. */
export class Cluster {
  readonly redis: ServerProcess
  readonly instances: readonly [Instance, Instance]
  readonly publisher: Publisher
  readonly random: Random
  /** What nobody should see, of the clients. */
  readonly loadTroubles: string[] = []
  readonly #lifetime: Lifetime
  readonly #loadProgram: string

  private constructor (lifetime: Lifetime, redis: ServerProcess, instances: readonly [Instance, Instance], random: Random, loadProgram: string) {
    this.#lifetime = lifetime
    this.redis = redis
    this.instances = instances
    this.random = random
    this.publisher = new Publisher(random.fork(), instances)
    this.#loadProgram = loadProgram
  }

  static async start (lifetime: Lifetime, { redisServer, seed, rate, options = {} }: ClusterSetup): Promise<Cluster> {
    const programs = compilePrograms(lifetime)
    const redis = await startRedis(lifetime, redisServer, REDIS)
    const keptOf = (perSecond: number): number => Math.max(1_000, Math.ceil(perSecond * KEPT_SECONDS))
    const kept = { ticks: keptOf(rate), bulk: keptOf(5) }
    const start = async (name: string): Promise<Instance> => {
      const instance = new Instance(lifetime, programs.instance, name, { port: await freePort(), redisPort: redis.port, kept, options })
      await instance.start()
      return instance
    }
    const cluster = new Cluster(lifetime, redis, [await start('instance 1'), await start('instance 2')], new Random(seed), programs.load)
    lifetime.teardown(() => { cluster.publisher.stop() })
    return cluster
  }

  /** Starts the process of the clients, which do nothing before they are asked to. */
  startLoad (setup: Omit<CrowdSetup, 'seed'>): Peer {
    return new Peer(this.#lifetime, this.#loadProgram, { ...setup, seed: this.random.below(2 ** 31) } satisfies CrowdSetup, {
      name: 'the clients',
      onSaid: ({ trouble }) => { if (trouble !== undefined) this.loadTroubles.push(`the clients: ${trouble}`) }
    })
  }

  get ports (): [number, ...number[]] {
    return this.instances.map(({ setup }) => setup.port) as [number, ...number[]]
  }
}

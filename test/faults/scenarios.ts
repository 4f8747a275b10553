import { cpSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Cable } from '../helpers/cable.js'
import { deferred } from '../helpers/deferred.js'
import type { ServerProcess } from '../helpers/server-process.js'
import { Random } from '../proof/random.js'
import type { ChannelName, Mode } from './channels.js'
import type { Client } from './client.js'
import { Cluster, compileInstance, type Counts } from './cluster.js'
import type { Instance } from './instance.js'

const IS_LONG = process.env.SSE_FAULTS === 'long'

/** The short form is for every run of the tests. */
const { CLIENTS, ROUNDS, PAUSE_MS, SETTLE_MS } = IS_LONG
  ? { CLIENTS: 300, ROUNDS: 3, PAUSE_MS: 10_000, SETTLE_MS: 2_000 }
  : { CLIENTS: 60, ROUNDS: 1, PAUSE_MS: 2_000, SETTLE_MS: 400 }

/** More than an engine keeps that trims now and then, and for those who read what is new. */
const FLOOD_EVENTS = 1_000

interface Scenario {
  readonly channels: readonly [ChannelName, ...ChannelName[]]
  readonly fault: (cluster: Cluster, random: Random) => Promise<void>
  /** Whether the engine may lose what it has acknowledged: only where its process or its disk does not survive. */
  readonly mayLose?: boolean
  /** Whether clients must have been told of a gap. */
  readonly makesGaps?: boolean
  /** Left to the long form: what happens in it happens in others too. */
  readonly isLong?: boolean
}

export type Scenarios = Readonly<Record<string, Scenario>>

const BOTH = ['whole', 'whole', 'whole', 'trimmed'] as const

/** What brokers have to survive that keep events elsewhere, before anything else has happened. */
export const FIRST_SCENARIOS: Scenarios = {
  'the engine is killed while a channel is empty': {
    channels: ['whole'],
    async fault (cluster) {
      await engineOf(cluster).kill()
      await engineOf(cluster).restart()
    }
  }
}

/** What every app has to survive. */
export const SCENARIOS: Scenarios = {
  'nothing happens': {
    channels: BOTH,
    isLong: true,
    fault: async () => {}
  },
  'an instance is killed, and started again': {
    channels: BOTH,
    async fault (cluster, random) {
      const instance = random.pick(instancesOf(cluster))
      await instance.kill()
      await delay(SETTLE_MS)
      await instance.start()
    }
  },
  'an instance stands still': {
    channels: BOTH,
    async fault (cluster, random) {
      const instance = random.pick(instancesOf(cluster))
      instance.pause()
      await delay(PAUSE_MS)
      instance.resume()
    }
  },
  'all instances are replaced, one after the other': {
    channels: BOTH,
    async fault (cluster) {
      for (const instance of cluster.instances) {
        await instance.stop()
        await instance.start()
      }
    }
  }
}

/** What brokers have to survive that keep events elsewhere. */
export const ENGINE_SCENARIOS: Scenarios = {
  'the engine is killed, and started again with its disk': {
    channels: ['whole'],
    mayLose: true,
    async fault (cluster) {
      const engine = engineOf(cluster)
      await engine.kill()
      await delay(SETTLE_MS)
      await engine.restart()
    }
  },
  'the engine is killed and started again twice, right away': {
    channels: ['whole'],
    isLong: true,
    mayLose: true,
    async fault (cluster, random) {
      const engine = engineOf(cluster)
      await engine.kill()
      await engine.restart()
      await delay(random.below(SETTLE_MS))
      await engine.kill()
      await engine.restart()
    }
  },
  'the engine is stopped, and started again': {
    channels: ['whole'],
    isLong: true,
    async fault (cluster) {
      await engineOf(cluster).restart()
    }
  },
  'the engine stands still': {
    channels: BOTH,
    async fault (cluster) {
      const engine = engineOf(cluster)
      engine.pause()
      await delay(PAUSE_MS)
      engine.resume()
    }
  },
  'the connection between an instance and the engine is cut, again and again': {
    channels: BOTH,
    async fault (cluster, random) {
      for (let n = 0; n < 5; n++) {
        random.pick(cablesOf(cluster)).cut()
        await delay(random.below(SETTLE_MS))
      }
    }
  },
  'the connection between an instance and the engine drops all bytes': {
    channels: BOTH,
    async fault (cluster, random) {
      const cable = random.pick(cablesOf(cluster))
      cable.drop('all')
      await delay(PAUSE_MS)
      cable.restore()
    }
  },
  'the answers of the engine to an instance get lost': {
    channels: BOTH,
    async fault (cluster, random) {
      for (let n = 0; n < 3; n++) {
        const cable = random.pick(cablesOf(cluster))
        cable.drop('answers')
        await delay(n === 0 ? PAUSE_MS : random.below(SETTLE_MS)) // longer and shorter than an instance waits
        cable.restore()
        await delay(random.below(SETTLE_MS))
      }
    }
  },
  'the log is trimmed behind an instance that gets nothing, and behind clients that are away': {
    channels: BOTH,
    makesGaps: true,
    async fault (cluster, random) {
      const i = random.below(cluster.instances.length)
      const cable = cluster.cables[i] as Cable
      cable.drop('all')
      const comeBack = sendAway(cluster.readers('trimmed').filter(() => random.chance(0.3)))
      await cluster.flood('trimmed', FLOOD_EVENTS, cluster.instances[i] as Instance)
      await delay(PAUSE_MS)
      comeBack()
      cable.restore()
    }
  },
  'all of that at once': {
    channels: ['whole'],
    mayLose: true,
    async fault (cluster, random) {
      const engine = engineOf(cluster)
      const [killed, paused] = instancesOf(cluster) as [Instance, Instance]
      const cable = cluster.cables[2] as Cable
      const waits = Array.from({ length: 3 }, () => random.below(SETTLE_MS))
      cable.drop('all')
      await delay(waits[0])
      await killed.kill()
      paused.pause()
      await delay(waits[1])
      await engine.kill()
      await Promise.all([killed.start(), engine.restart()])
      await delay(waits[2])
      paused.resume()
      cable.restore()
    }
  },
  'the engine comes back with an older disk': {
    channels: ['whole'],
    mayLose: true,
    makesGaps: true,
    fault: async cluster => { await rollBack(cluster) }
  },
  'the engine comes back with an older disk, and clients with ids that are older still': {
    channels: ['whole'],
    mayLose: true,
    makesGaps: true,
    async fault (cluster, random) {
      const comeBack = sendAway(cluster.readers('whole').filter(() => random.chance(0.2)))
      await rollBack(cluster)
      comeBack()
    }
  },
  'the engine comes back with an empty disk': {
    channels: ['whole'],
    mayLose: true,
    makesGaps: true,
    async fault (cluster) {
      const engine = engineOf(cluster)
      await engine.kill()
      rmSync(engine.folder, { recursive: true })
      mkdirSync(engine.folder)
      await engine.restart()
    }
  }
}

/** Where events live and die with the instance: one that is gone takes them along. */
export const MEMORY_SCENARIOS: Scenarios = Object.fromEntries(
  Object.entries(SCENARIOS).map(([name, scenario]) => {
    const isFatal = /killed|replaced/.test(name)
    return [name, isFatal ? { ...scenario, channels: ['whole'], mayLose: true, makesGaps: true } : scenario]
  })
)

/**
 * Runs scenarios on a cluster, one after the other. After one that fails, the next gets a new cluster.
 *
 * @param startEngine Undefined where events are kept in memory.
 */
export function testFaults (t: Test, mode: Mode, scenarios: Scenarios, startEngine?: (t: Test) => Promise<ServerProcess>): void {
  t.setTimeout(IS_LONG ? 3_600_000 : 300_000)
  const seed = Number(process.env.SSE_FAULTS_SEED ?? Date.now() % 2 ** 31)
  t.comment(`replay with SSE_FAULTS_SEED=${seed}${IS_LONG ? ' SSE_FAULTS=long' : ''}`)
  const random = new Random(seed)
  let program: string | undefined
  let cluster: Cluster | undefined
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [name, scenario] of Object.entries(scenarios)) {
      if (scenario.isLong === true && !IS_LONG) continue
      const own = random.fork()
      t.test(`${name}${ROUNDS > 1 ? ` (${round})` : ''}`, async test => {
        test.setTimeout(180_000)
        program ??= compileInstance(t.testdir())
        cluster ??= await Cluster.start(t, program, { mode, random: own.fork(), clients: CLIENTS, engine: await startEngine?.(t) })
        const current = cluster
        cluster = undefined // until it has survived
        const startedAtMs = performance.now()
        const counts = await current.during(scenario.channels, async () => {
          await delay(SETTLE_MS)
          await scenario.fault(current, own)
          await delay(SETTLE_MS)
        })
        tell(test, counts, performance.now() - startedAtMs, scenario)
        cluster = current
      })
    }
  }
}

function tell (t: Test, counts: Counts, tookMs: number, { mayLose = false, makesGaps = false }: Scenario): void {
  t.comment(`${Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(', ')} in ${(tookMs / 1_000).toFixed(1)} s`)
  t.ok(counts.deliveries > counts.acknowledged, 'everybody got events, in order')
  if (!mayLose) t.equal(counts.lost, 0, 'nothing that was acknowledged is lost')
  if (makesGaps) t.ok(counts.gaps > 0, 'those who have missed something were told so')
}

/** The engine forgets what it has acknowledged last. */
async function rollBack (cluster: Cluster): Promise<void> {
  const engine = engineOf(cluster)
  const older = `${engine.folder}-older`
  engine.pause() // so that its files fit together
  cpSync(engine.folder, older, { recursive: true })
  engine.resume()
  await cluster.published(CLIENTS)
  await engine.kill()
  rmSync(engine.folder, { recursive: true })
  renameSync(older, engine.folder)
  await engine.restart()
}

/** @returns What lets them come back. */
function sendAway (clients: readonly Client[]): () => void {
  const back = deferred()
  for (const client of clients) client.stayAway(back.promise)
  return () => { back.resolve() }
}

function instancesOf ({ instances }: Cluster): [Instance, ...Instance[]] {
  return instances as [Instance, ...Instance[]]
}

function cablesOf ({ cables }: Cluster): [Cable, ...Cable[]] {
  return cables as [Cable, ...Cable[]]
}

function engineOf ({ engine }: Cluster): ServerProcess {
  return engine as ServerProcess
}

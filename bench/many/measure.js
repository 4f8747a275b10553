import { setTimeout } from 'node:timers/promises'
import { Engine } from '../cluster/engine.js'
import { greeting } from '../contestants/typed-sse-redis.js'
import { Peer } from '../processes.js'

/** For what a process still does when its clients are there. */
const SETTLE_MS = 400

/**
 * Measures one row once: fresh processes and an empty Redis, and events one by one, the next when everybody has the one before.
 * Nothing is pinned: the kernel puts workers, Redis and the load where there is room.
 *
 * @param {object} run
 * @param {string} run.contestantUrl With the number of processes.
 * @param {number} run.subscribers Of all of them together.
 * @param {number} run.count Events.
 * @param {number} run.warmup Events before.
 * @throws {Error} When a process has no subscriber, or not everybody has got everything.
 */
export async function measure ({ contestantUrl, subscribers, count, warmup }) {
  const processes = new URL(contestantUrl).searchParams.get('processes')
  const all = warmup + count
  const engine = await Engine.start('redis', undefined)
  const load = new Peer('./cluster/load.js', [], { core: undefined })
  const primary = new Peer('./many/primary.js', [processes, 'worker.js', String(engine.port)], { core: undefined })
  try {
    const { port } = await primary.ask()
    await load.ask({ do: 'connect', ports: [port], subscribers, count: all, greeting, audiences: 1 })
    await setTimeout(SETTLE_MS)
    await deliver(0, warmup)

    await primary.ask({ do: 'begin' })
    const engineBefore = engine.cpuMs()
    const begunMs = performance.now()
    await deliver(warmup, all)
    const seconds = (performance.now() - begunMs) / 1e3
    const engineMs = engine.cpuMs() - engineBefore
    const { workers } = await primary.ask({ do: 'end' })

    await load.ask({ do: 'check', count: all })
    const deliveries = count * subscribers
    return {
      subscribersOfEach: subscribersOf(workers, subscribers),
      deliveriesPerSecond: deliveries / seconds,
      // Microseconds of CPU time: of all workers for a delivery, of Redis for an event.
      deliveryUs: workers.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / deliveries * 1e3,
      engineUs: engineMs / count * 1e3
    }
  } catch (error) {
    await primary.endsSoon()
    throw error
  } finally {
    await Promise.all([primary.stop(), load.stop()])
    await engine.stop()
  }

  async function deliver (from, to) {
    for (let i = from; i < to; i++) {
      await Promise.all([primary.ask({ do: 'publish', i }), load.ask({ do: 'receive', from: i, last: i })])
    }
  }
}

function subscribersOf (workers, all) {
  const each = workers.map(({ subscribers }) => subscribers)
  const sum = each.reduce((sum, one) => sum + one, 0)
  if (sum !== all || each.includes(0)) throw new Error(`${all} subscribers should be shared out, instead processes have ${each.join(' and ')}`)
  return each
}

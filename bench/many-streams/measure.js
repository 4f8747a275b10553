import { Peer } from '../processes.js'
import { EVENTS, path, until } from '../workloads/many-streams.js'

/** Clients that are there at the same time, each on a connection that it keeps. */
const AT_A_TIME = 32

/** Room for a response. */
const RESPONSE_BYTES = EVENTS * 128

/**
 * Measures one row once: fresh processes, streams to warm up, streams. Nothing is pinned: the kernel puts workers and the load
 * where there is room.
 *
 * @param {object} run
 * @param {string} run.contestantUrl With the number of processes.
 * @param {number} run.count Streams.
 * @param {number} run.warmup Streams before.
 * @throws {Error} When a process has no stream, or a client does not get what it should.
 */
export async function measure ({ contestantUrl, count, warmup }) {
  const processes = new URL(contestantUrl).searchParams.get('processes')
  const load = new Peer('./churn/load.js', [], { core: undefined })
  const primary = new Peer('./many/primary.js', [processes, '../many-streams/worker.js'], { core: undefined })
  try {
    const { port } = await primary.ask()
    const visits = { port, path, headers: '', until, keepsAlive: true, atATime: AT_A_TIME, events: EVENTS, bytes: RESPONSE_BYTES }
    await load.ask({ ...visits, count: warmup })
    await primary.ask({ do: 'begin' })
    const begunMs = performance.now()
    await load.ask({ ...visits, count })
    const seconds = (performance.now() - begunMs) / 1e3
    const { workers } = await primary.ask({ do: 'end' })
    return {
      streamsOfEach: streamsOf(workers, count),
      deliveriesPerSecond: count * EVENTS / seconds,
      // Microseconds of CPU time of all workers.
      deliveryUs: workers.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / (count * EVENTS) * 1e3
    }
  } catch (error) {
    await primary.endsSoon()
    throw error
  } finally {
    await Promise.all([primary.stop(), load.stop()])
  }
}

function streamsOf (workers, all) {
  const each = workers.map(({ streams }) => streams)
  const sum = each.reduce((sum, one) => sum + one, 0)
  if (sum !== all || each.includes(0)) throw new Error(`${all} streams should be shared out, instead processes have ${each.join(' and ')}`)
  return each
}

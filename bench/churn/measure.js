import { Peer } from '../processes.js'

/** Clients that are there at the same time. */
const AT_A_TIME = 16

/** Room for a response with one event. */
const RESPONSE_BYTES = 8_192

/**
 * Measures one contestant once: a fresh process, half as many clients to warm up, clients.
 *
 * @param {object} run
 * @param {string} run.contestantUrl
 * @param {string} run.workload
 * @param {number} run.count Clients.
 * @param {import('../processes.js').Cores | undefined} run.cores
 * @throws {Error} When it does not start, does not deliver what it should to everyone, or keeps anybody who has left.
 */
export async function measure ({ contestantUrl, workload, count, cores }) {
  const { path, until, keepsAlive } = await import(`../workloads/${workload}.js`)
  const load = new Peer('./churn/load.js', [], { core: cores?.load })
  const server = new Peer('./churn/server.js', [contestantUrl, workload], { core: cores?.server, flags: ['--expose-gc'] })
  try {
    const { port } = await server.ask()
    const visits = { port, path, headers: '', until, keepsAlive, atATime: AT_A_TIME, events: 1, bytes: RESPONSE_BYTES }
    await load.ask({ ...visits, count: Math.ceil(count / 2) })
    const before = await server.ask({ do: 'weigh' })
    await server.ask({ do: 'begin' })
    await load.ask({ ...visits, count })
    const { cpuMs } = await server.ask({ do: 'end' })
    const after = await server.ask({ do: 'weigh' })
    return { streamsPerCpuSecond: count / cpuMs * 1e3, cpuMs, heapLeft: (after.heap - before.heap) / count }
  } catch (error) {
    await server.endsSoon()
    throw error
  } finally {
    await Promise.all([server.stop(), load.stop()])
  }
}

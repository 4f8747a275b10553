import { Peer } from '../processes.js'

/** Clients that are there at the same time. */
const AT_A_TIME = 4

/**
 * CPU time of a server of this directory for clients, after others to warm up.
 *
 * @param {string} url Of a module that exports `serve()`.
 * @param {object} visits
 * @param {number} visits.count
 * @param {number} [visits.warmup] Clients before these. Default: half as many.
 * @param {boolean} visits.keepsAlive
 * @param {number | undefined} visits.events That each gets.
 * @param {number} visits.bytes Room for what each gets.
 * @param {import('../processes.js').Cores | undefined} cores
 */
export async function cpuMsOfVisits (url, { count, warmup = Math.ceil(count / 2), keepsAlive, events, bytes }, cores) {
  const load = new Peer('./churn/load.js', [], { core: cores?.load })
  const server = new Peer('./growth/server.js', [url], { core: cores?.server })
  try {
    const { port, path, until } = await server.ask()
    const visits = { port, path, until, headers: '', keepsAlive, events, bytes, atATime: AT_A_TIME }
    await load.ask({ ...visits, count: warmup })
    await server.ask({ do: 'begin' })
    await load.ask({ ...visits, count })
    const { cpuMs } = await server.ask({ do: 'end' })
    return cpuMs
  } catch (error) {
    await server.endsSoon()
    throw error
  } finally {
    await Promise.all([server.stop(), load.stop()])
  }
}

import { setTimeout } from 'node:timers/promises'
import { Peer } from '../processes.js'

/** Who comes and goes before the memory is first looked at: what the first ones make is not theirs. */
const FIRST_VISITORS = 100

/** No heartbeat comes while memory is looked at. */
const NEVER_MS = 600_000

/** The load keeps that much of each stream: room for heartbeats. */
const EVENTS_KEPT = 8

/**
 * Measures one contestant once, in two fresh processes: one whose memory is looked at, and one that sends heartbeats.
 *
 * @param {object} run
 * @param {string} run.contestantUrl
 * @param {number} run.subscribers
 * @param {number} run.heartbeatMs
 * @param {number} run.warmupMs
 * @param {number} run.measuredMs CPU time is counted for so long.
 * @param {number} run.turnsMs And then turns are watched for so long.
 * @param {import('../processes.js').Cores | undefined} run.cores
 * @throws {Error} When it does not start, or sends no heartbeats.
 */
export async function measure ({ contestantUrl, subscribers, heartbeatMs, warmupMs, measuredMs, turnsMs, cores }) {
  return { ...await inProcess(NEVER_MS, weigh), ...await inProcess(heartbeatMs, beats) }

  async function inProcess (heartbeatMs, task) {
    const load = new Peer('./fan-out/load.js', [], { core: cores?.load })
    const server = new Peer('./idle/server.js', [contestantUrl, String(heartbeatMs)], { core: cores?.server, flags: ['--expose-gc'] })
    try {
      const { port } = await server.ask()
      const connect = subscribers => load.ask({ do: 'connect', port, subscribers, count: EVENTS_KEPT })
      return await task({ server, load, connect })
    } catch (error) {
      await server.endsSoon()
      throw error
    } finally {
      await Promise.all([server.stop(), load.stop()])
    }
  }

  async function weigh ({ server, load, connect }) {
    await connect(FIRST_VISITORS)
    await load.ask({ do: 'leave' })
    const without = await server.ask({ do: 'weigh', connections: 0 })
    await connect(subscribers)
    const withAll = await server.ask({ do: 'weigh', connections: subscribers })
    return {
      residentPerStream: (withAll.resident - without.resident) / subscribers,
      heapPerStream: (withAll.heap - without.heap) / subscribers
    }
  }

  async function beats ({ server, load, connect }) {
    await connect(subscribers)
    const { events } = await server.ask({ do: 'publish' })
    if (events > 0) await load.ask({ do: 'receive', last: events - 1, mayFollow: true }) // heartbeats may
    await setTimeout(warmupMs)

    const before = await countBeats(load)
    await server.ask({ do: 'begin' })
    await setTimeout(measuredMs)
    const { cpuMs } = await server.ask({ do: 'end' })
    const after = await countBeats(load)
    await server.ask({ do: 'beginTurns' })
    await setTimeout(turnsMs)
    const { longestTurnMs } = await server.ask({ do: 'endTurns' })

    const counts = after.map((count, i) => count - before[i])
    const fewest = Math.min(...counts)
    if (fewest < 1) throw new Error(`each of ${subscribers} streams should get a heartbeat in ${measuredMs} ms, instead one got ${fewest}`)
    const sent = counts.reduce((sum, count) => sum + count, 0)
    return { beats: sent, beatsCpuMs: cpuMs, cpuPerBeatUs: cpuMs / sent * 1e3, longestTurnMs }
  }

  async function countBeats (load) {
    const { counts } = await load.ask({ do: 'comments' })
    return counts
  }
}

import { Peer, startServer } from '../processes.js'

/**
 * Measures one contestant once: a fresh process, a warm-up, a stream.
 *
 * @param {object} run
 * @param {string} run.contestantUrl
 * @param {string} run.workload
 * @param {number} run.count Events of the stream.
 * @param {number} run.warmup Events of the one before.
 * @param {import('../processes.js').Cores | undefined} run.cores
 * @throws {Error} When it does not start, or does not deliver exactly what it should.
 */
export async function measure ({ contestantUrl, workload, count, warmup, cores }) {
  const timeoutMs = 10_000 + count / 5 // for each of the two
  // Fresh ones each time: after a failure they may be anywhere.
  const server = await startServer('./one-stream/server.js', { contestantUrl, workload, most: count }, { core: cores?.server })
  const load = new Peer('./one-stream/load.js', [], { core: cores?.load })
  try {
    const { port, idleRssMiB } = await server.ask()
    await load.ask({ do: 'read', port, workload, count: warmup, timeoutMs })
    await server.ask({ do: 'begin' })
    const { wallMs } = await load.ask({ do: 'read', port, workload, count, timeoutMs })
    const { cpuMs, longestTurnMs, maxRssMiB } = await server.ask({ do: 'end' })
    const { bytes } = await load.ask({ do: 'check' })
    return {
      eventsPerCpuSecond: count / cpuMs * 1e3, cpuMs, wallMs, longestTurnMs, maxRssMiB, grownMiB: maxRssMiB - idleRssMiB, bytes
    }
  } catch (error) {
    await server.endsSoon()
    throw error
  } finally {
    await Promise.all([server.stop(), load.stop()])
  }
}

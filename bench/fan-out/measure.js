import { Peer, startServer } from '../processes.js'

/** Who comes and goes before the memory is first looked at: what the first ones make is not theirs. */
const FIRST_VISITORS = 100

/**
 * Measures one contestant once: a fresh process, subscribers who have nothing to read yet, a warm-up, events.
 *
 * @param {object} run
 * @param {string} run.contestantUrl
 * @param {string} run.workload
 * @param {number} run.subscribers
 * @param {number} run.count Events that are published.
 * @param {number} run.warmup Events before them.
 * @param {number} [run.turnsAhead] Default: the workload's.
 * @param {import('../processes.js').Cores | undefined} run.cores
 * @throws {Error} When it does not start, or does not deliver exactly what it should to everyone.
 */
export async function measure ({ contestantUrl, workload, subscribers, count, warmup, turnsAhead: wanted, cores }) {
  const { eventsPerTurn, turnsAhead: usual } = await import(`../workloads/${workload}.js`)
  const turnsAhead = wanted ?? usual
  const server = await startServer('./fan-out/server.js', { contestantUrl, workload }, { core: cores?.server, flags: ['--expose-gc'] })
  const load = new Peer('./fan-out/load.js', [], { core: cores?.load })
  try {
    const { port } = await server.ask()
    await load.ask({ do: 'connect', port, subscribers: FIRST_VISITORS, count: 0 })
    await load.ask({ do: 'leave' })
    const without = await server.ask({ do: 'weigh', connections: 0 })
    await load.ask({ do: 'connect', port, subscribers, count: warmup + count })
    const withAll = await server.ask({ do: 'weigh', connections: subscribers })

    await deliver(0, warmup)
    const { bytes: bytesBefore } = await load.ask({ do: 'count' })
    await server.ask({ do: 'begin' })
    await deliver(warmup, warmup + count)
    const { cpuMs } = await server.ask({ do: 'end' })
    const { bytes } = await load.ask({ do: 'count' })
    await load.ask({ do: 'check', count: warmup + count })

    const deliveries = count * subscribers
    return {
      deliveriesPerCpuSecond: deliveries / cpuMs * 1e3,
      cpuMs,
      bytesPerDelivery: (bytes - bytesBefore) / deliveries,
      residentPerSubscriber: (withAll.resident - without.resident) / subscribers,
      heapPerSubscriber: (withAll.heap - without.heap) / subscribers
    }
  } catch (error) {
    await server.endsSoon()
    throw error
  } finally {
    await Promise.all([server.stop(), load.stop()])
  }

  async function deliver (from, to) {
    const window = turnsAhead * eventsPerTurn
    for (let i = from; i < to; i += window) {
      const next = Math.min(i + window, to)
      await Promise.all([server.ask({ do: 'publish', from: i, to: next }), load.ask({ do: 'receive', last: next - 1 })])
    }
  }
}

import { Peer } from '../processes.js'

/**
 * Measures one contestant once: a fresh process, a warm-up, events at a steady rate; then somebody comes who does not read,
 * and when no buffer has room for it any more, as many events again. Half of those that all read come before, half after.
 *
 * @param {object} run
 * @param {string} run.contestantUrl
 * @param {number} run.subscribers
 * @param {number} run.perSecond Events.
 * @param {number} run.count Events.
 * @param {import('../processes.js').Cores | undefined} run.cores
 * @throws {Error} When it does not start, does not deliver exactly what it should, or the one that stalls does not.
 */
export async function measure ({ contestantUrl, subscribers, perSecond, count, cores }) {
  const load = new Peer('./latency/load.js', [], { core: cores?.load })
  const server = new Peer('./latency/server.js', [contestantUrl], { core: cores?.server })
  const half = Math.ceil(count / 2)
  let next = 0
  try {
    const { port } = await server.ask()
    await load.ask({ do: 'connect', port, subscribers, count })
    await phase('warmup', half)
    await phase('plain', half)

    await load.ask({ do: 'stall', port })
    await load.ask({ do: 'discard' })
    const { fillers } = await server.ask({ do: 'fill', last: next })
    await load.ask({ do: 'receive', last: next++ })
    await phase('stalled', 2 * half)
    const { waitingBytes } = await server.ask({ do: 'stalled' })
    await load.ask({ do: 'leave' })
    await server.ask({ do: 'left' })

    await phase('plain', half)
    const { plain, stalled } = await load.ask({ do: 'results' })
    return { plain, stalled: { ...stalled, fillers, waitingBytes } }
  } catch (error) {
    await server.endsSoon()
    throw error
  } finally {
    await Promise.all([server.stop(), load.stop()])
  }

  async function phase (name, events) {
    const [from, to] = [next, next + events]
    next = to
    await load.ask({ do: 'begin' })
    const { startUs } = await server.ask({ do: 'pace', from, to, perSecond })
    await load.ask({ do: 'receive', last: to - 1 })
    await load.ask({ do: 'collect', name, from, to, startUs, perSecond })
  }
}

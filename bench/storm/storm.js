/** One storm: all clients are connected, cut off, miss some events, and come back. */
export class Storm {
  #server
  #load

  /**
   * @param {import('../processes.js').Peer} server
   * @param {import('../processes.js').Peer} load
   */
  constructor (server, load) {
    this.#server = server
    this.#load = load
  }

  /**
   * @param {object} setup
   * @param {number} setup.clients
   * @param {number} setup.missed Events that are published while they are away.
   * @param {number} setup.withinMs How long the first tries are spread over.
   * @param {number} setup.perSecond Events that are published meanwhile.
   */
  async run ({ clients, missed, withinMs, perSecond }) {
    const server = this.#server
    const load = this.#load
    const { port } = await server.ask()
    await server.ask({ do: 'publish', count: 1 })
    await load.ask({ do: 'connect', port, clients })
    await server.ask({ do: 'publish', count: 1 })
    await load.ask({ do: 'settle', last: 2 })
    const { residentMiB: connected } = await server.ask({ do: 'weigh' })

    await load.ask({ do: 'leave' })
    await server.ask({ do: 'empty' })
    await server.ask({ do: 'publish', count: missed })
    const { residentMiB: empty } = await server.ask({ do: 'weigh' })

    await server.ask({ do: 'begin', perSecond })
    const resumed = await load.ask({ do: 'storm', withinMs, last: 2 + missed })
    const { last, peakMiB, ...during } = await server.ask({ do: 'end' })
    const counted = await load.ask({ do: 'settle', last })
    const { residentMiB: after } = await server.ask({ do: 'weigh' })
    return { ...resumed, ...counted, ...during, memory: { connected, empty, peak: peakMiB, after } }
  }
}

import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'

/**
 * How much memory this process needs while its server has so many connections and nothing to do: node --expose-gc
 *
 * @param {import('node:net').Server} server
 * @param {number} connections
 */
export async function weigh (server, connections) {
  const getConnections = promisify(server.getConnections).bind(server)
  while (await getConnections() !== connections) await setTimeout(20)
  for (let i = 0; i < 3; i++) {
    await setTimeout(50) // what is closing closes, what is finalized is freed by the next one
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  }
  const { rss, heapUsed } = process.memoryUsage()
  return { resident: rss, heap: heapUsed }
}

import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { startRedis } from './redis-server.js'
import type { ServerProcess } from './server-process.js'

const SLOTS = 16_384

/** How long a node may be silent before the others take it for dead, in milliseconds. */
const NODE_TIMEOUT_MS = 2_000

/** Far enough from the ports that are given out one after the other. */
const BUS_DISTANCE = 3_000

/**
 * Starts a Redis Cluster on free ports, in which each primary has some slots, and ends it when the test ends.
 *
 * @param binary what `requireBinary(t, 'redis-server')` has found
 * @param replicas For each primary.
 */
export async function startRedisCluster (t: Test, binary: string, { primaries = 3, replicas = 0 } = {}): Promise<ServerProcess[]> {
  const servers: ServerProcess[] = []
  for (let i = 0; i < primaries * (1 + replicas); i++) {
    servers.push(await startRedis(t, binary, port => ({
      'cluster-enabled': 'yes',
      'cluster-node-timeout': String(NODE_TIMEOUT_MS),
      'cluster-port': String(port > 60_000 ? port - BUS_DISTANCE : port + BUS_DISTANCE)
    })))
  }
  const nodes = servers.map(({ port }) => new Redis({ port, protocol: 2 }))
  try {
    const [first, ...others] = nodes as [Redis, ...Redis[]]
    for (const [index, node] of nodes.entries()) {
      if (index >= primaries) continue
      const from = Math.floor(index * SLOTS / primaries)
      await node.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(Math.floor((index + 1) * SLOTS / primaries) - 1))
    }
    for (const [index] of others.entries()) {
      const server = servers[index + 1] as ServerProcess
      const port = server.port
      await first.call('CLUSTER', 'MEET', '127.0.0.1', String(port), String(port > 60_000 ? port - BUS_DISTANCE : port + BUS_DISTANCE))
    }
    await until(async () => (await Promise.all(nodes.map(knownNodes))).every(known => known === nodes.length), 'all nodes know each other')
    for (const [index, node] of nodes.entries()) {
      if (index < primaries) continue
      const id = String(await (nodes[index % primaries] as Redis).call('CLUSTER', 'MYID'))
      await until(async () => await node.call('CLUSTER', 'REPLICATE', id).then(() => true, () => false), 'a replica has its primary')
    }
    await until(async () => (await Promise.all(nodes.map(isReady))).every(Boolean), 'the cluster is ready')
    if (replicas > 0) {
      await until(async () => (await Promise.all(nodes.map(isInSync))).every(Boolean), 'the replicas are in sync')
    }
  } finally {
    for (const node of nodes) node.disconnect()
  }
  return servers
}

async function knownNodes (node: Redis): Promise<number> {
  return Number(/cluster_known_nodes:(\d+)/.exec(String(await node.call('CLUSTER', 'INFO')))?.[1])
}

async function isReady (node: Redis): Promise<boolean> {
  const info = String(await node.call('CLUSTER', 'INFO'))
  return info.includes('cluster_state:ok') && info.includes(`cluster_slots_assigned:${SLOTS}`)
}

async function isInSync (node: Redis): Promise<boolean> {
  const info = await node.info('replication')
  return info.includes('role:master') ? info.includes('connected_slaves:1') : info.includes('master_link_status:up')
}

async function until (condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; !await condition(); tries++) {
    if (tries === 300) throw new Error(`waited in vain until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

// @boringnode/transmit with its transport for Redis (publish and subscribe, nothing is stored), "Writing an Adapter" of its
// README, on node:http, which is the least it can run on. Its bus is the second argument, as @adonisjs/transmit gives it.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { Transmit } from '@boringnode/transmit'

export const title = '@boringnode/transmit, transport `redis`'
export const packages = ['@boringnode/transmit', 'ioredis']
export const engine = 'redis'

/** `@boringnode/transmit/transports` has it as well, but can't be imported where there is no package `mqtt`. */
const transport = createRequire(import.meta.resolve('@boringnode/transmit')).resolve('@boringnode/bus/transports/redis')

/** @type {import('../workloads/cluster-latency.js').Instance} */
export async function instance ({ enginePort }) {
  const { redis } = await import(transport)
  const driver = redis({ host: '127.0.0.1', port: enginePort })
  const transmit = new Transmit({ pingInterval: false, transport: { driver } }, driver())
  const server = createServer((request, response) => {
    const uid = randomUUID()
    const channel = request.url.slice(1)
    transmit.createStream({ uid, context: {}, request, response, injectResponseHeaders: {} })
    void transmit.subscribe({ uid, channel, context: {} })
  })
  return { server, publish: (payload, audience) => transmit.broadcast(String(audience), payload) }
}

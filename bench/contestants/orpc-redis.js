// oRPC's publisher for ioredis (publish and subscribe, nothing is stored), with a route written by hand on node:http. It
// decodes each event once for all listeners, and so it is encoded once for all of them here.
import { createServer } from 'node:http'
import { IORedisPublisher } from '@orpc/experimental-publisher/ioredis'
import { Redis } from 'ioredis'

export const title = '@orpc/experimental-publisher, `ioredis`'
export const packages = ['@orpc/experimental-publisher', 'ioredis']
export const engine = 'redis'

/** @type {import('../workloads/cluster-latency.js').Instance} */
export async function instance ({ enginePort }, options = {}) {
  const publisher = new IORedisPublisher({ commander: new Redis(enginePort), listener: new Redis(enginePort), ...options })
  let last
  let frame

  const server = createServer(async (request, response) => {
    const unsubscribe = await publisher.subscribe(request.url.slice(1), event => { response.write(frameOf(event)) })
    response.on('close', unsubscribe)
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    response.flushHeaders()
  })
  return { server, publish: (payload, audience) => publisher.publish(String(audience), payload) }

  function frameOf (event) {
    if (event !== last) frame = Buffer.from(`event: price\ndata: ${JSON.stringify(event)}\n\n`)
    last = event
    return frame
  }
}

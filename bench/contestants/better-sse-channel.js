// better-sse, "Use channels to send events to many clients at once" of its README, on node:http, which is the least it can
// run on. All sessions get the same random id.
import { createServer } from 'node:http'
import { createChannel, createSession } from 'better-sse'

export const title = 'better-sse, `channel.broadcast`'
export const packages = ['better-sse']

/** @type {import('../workloads/fan-out.js').FanOut} */
export async function fanOut ({ payload, heartbeatMs }) {
  const channel = createChannel()
  const server = createServer(async (request, response) => {
    channel.register(await createSession(request, response, { keepAlive: heartbeatMs }))
  })
  return { server, publish: i => channel.broadcast(payload(i), 'price') }
}

export { fanOut as idle }

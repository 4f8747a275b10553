// What a careful programmer writes without any library: each event is encoded once, and all responses share its bytes.
import { createServer } from 'node:http'

export const title = 'node:http, hand-written `res.write(sharedBuffer)`'
export const packages = []

/** @type {import('../workloads/fan-out.js').FanOut} */
export async function fanOut ({ payload }) {
  const responses = new Set()

  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    response.flushHeaders()
    responses.add(response)
    response.on('close', () => { responses.delete(response) })
  })
  return { server, publish }

  function publish (i) {
    const frame = Buffer.from(`event: price\ndata: ${JSON.stringify(payload(i))}\n\n`)
    for (const response of responses) response.write(frame)
  }
}

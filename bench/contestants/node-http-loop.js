// What a programmer writes without any library who has no need of a generator: a plain loop over a function that gives the
// payloads, one write per event, and no next event while the socket is full.
import { once } from 'node:events'
import { createServer } from 'node:http'

export const title = 'node:http, hand-written `res.write` in a plain loop'
export const packages = []

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  return createServer(async (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    const count = countOf(request)
    for (let i = 0; i < count; i++) {
      if (nextTurn !== undefined) await nextTurn()
      if (!response.write(`event: price\ndata: ${JSON.stringify(payload(i))}\n\n`)) await once(response, 'drain')
    }
    response.end()
  })
}

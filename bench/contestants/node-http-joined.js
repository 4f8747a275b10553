// What a careful programmer writes without any library who knows what a write costs: the frames of events that are ready
// leave together, at most some 60 KB at once, and before the source waits. Nothing is checked, and there is no generator.
import { once } from 'node:events'
import { createServer } from 'node:http'

export const title = 'node:http, hand-written `res.write(joined)` in a plain loop'
export const packages = []

/** All of it is ASCII. Larger writes gain nothing. */
const MAX_CHARACTERS = 60_000

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  return createServer(async (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    const count = countOf(request)
    let frames = ''
    for (let i = 0; i < count; i++) {
      if (nextTurn !== undefined) await nextTurn()
      frames += `event: price\ndata: ${JSON.stringify(payload(i))}\n\n`
      if (nextTurn === undefined && frames.length < MAX_CHARACTERS) continue
      if (!response.write(frames)) await once(response, 'drain')
      frames = ''
    }
    response.end(frames)
  })
}

// What a careful programmer writes without any library: one write per event, and no next event while the socket is full.
// A broadcast makes the frame once, and writes it to each response.
import { once } from 'node:events'
import { createServer } from 'node:http'

export const title = 'node:http, hand-written `res.write`'
export const packages = []

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  async function * source (count) {
    for (let i = 0; i < count; i++) {
      if (nextTurn !== undefined) await nextTurn()
      yield payload(i)
    }
  }

  return createServer(async (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    for await (const data of source(countOf(request))) {
      if (!response.write(`event: price\ndata: ${JSON.stringify(data)}\n\n`)) await once(response, 'drain')
    }
    response.end()
  })
}

/** @type {import('../workloads/fan-out.js').FanOut} */
export async function fanOut ({ payload }) {
  const responses = new Set()

  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    response.flushHeaders()
    responses.add(response)
    response.on('close', () => { responses.delete(response) })
  })
  return { server, publish, beat }

  function publish (i) {
    const frame = `event: price\ndata: ${JSON.stringify(payload(i))}\n\n`
    for (const response of responses) response.write(frame)
  }

  function beat () {
    for (const response of responses) response.write(':\n')
  }
}

export { fanOut as idle }

/** @type {import('../workloads/churn.js').Churn} */
export async function churn ({ payload }) {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    response.write(`event: price\ndata: ${JSON.stringify(payload(0))}\n\n`)
  })
  return { server }
}

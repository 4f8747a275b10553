// better-sse, "Loop over sync and async iterables" of its README, on node:http, which is the least it can run on. It
// gives every event a random id and does not wait for a full socket: what the client has not read is held in memory.
import { createServer } from 'node:http'
import { createSession } from 'better-sse'

export const title = 'better-sse, `session.iterate(generator)`'
export const packages = ['better-sse']

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  async function * source (count) {
    for (let i = 0; i < count; i++) {
      if (nextTurn !== undefined) await nextTurn()
      yield payload(i)
    }
  }

  return createServer(async (request, response) => {
    // Without its heartbeat, which may come between the end of the response and the end of what is still to be written.
    const session = await createSession(request, response, { keepAlive: null })
    await session.iterate(source(countOf(request)), { eventName: 'price' })
    response.end()
  })
}

/** @type {import('../workloads/churn.js').Churn} */
export async function churn ({ payload }) {
  const server = createServer(async (request, response) => {
    const session = await createSession(request, response)
    session.push(payload(0), 'price')
  })
  return { server }
}

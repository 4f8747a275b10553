// Hono, "Streaming Helper" of its documentation: `streamSSE` and `await stream.writeSSE()`, which waits for a slow client. It
// takes data as text. @hono/node-server is what its documentation runs it on in Node.js.
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'

export const title = 'Hono, `stream.writeSSE(event)` in `streamSSE`'
export const packages = ['hono', '@hono/node-server']

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  async function * source (count) {
    for (let i = 0; i < count; i++) {
      if (nextTurn !== undefined) await nextTurn()
      yield payload(i)
    }
  }

  const app = new Hono()
  app.get('/', context => streamSSE(context, async stream => {
    for await (const data of source(countOf(context.req))) {
      await stream.writeSSE({ event: 'price', data: JSON.stringify(data) })
    }
  }))
  return createAdaptorServer({ fetch: app.fetch })
}

/** @type {import('../workloads/fan-out.js').FanOut} It has no broadcast: the streams are kept in a Set. */
export async function fanOut ({ payload }) {
  const streams = new Set()

  const app = new Hono()
  app.get('/', context => streamSSE(context, async stream => {
    streams.add(stream)
    await new Promise(resolve => { stream.onAbort(resolve) })
    streams.delete(stream)
  }))
  return { server: createAdaptorServer({ fetch: app.fetch }), publish }

  function publish (i) {
    const event = { event: 'price', data: JSON.stringify(payload(i)) }
    for (const stream of streams) stream.writeSSE(event)
  }
}

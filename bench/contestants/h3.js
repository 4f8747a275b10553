// h3 2.x, "Server-Sent Events" of its documentation: an EventStream, which `createEventStream` makes as well, and
// `await stream.push()`, which waits for a slow client. It takes data as text.
import { createServer } from 'node:http'
import { EventStream, H3, toNodeHandler } from 'h3'

export const title = 'h3, `stream.push(event)` of an `EventStream`'
export const packages = ['h3']

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  async function * source (count) {
    for (let i = 0; i < count; i++) {
      if (nextTurn !== undefined) await nextTurn()
      yield payload(i)
    }
  }

  const app = new H3()
  app.get('/', event => {
    const stream = new EventStream(event)
    void push(stream, countOf(event.req))
    return stream
  })
  return createServer(toNodeHandler(app))

  async function push (stream, count) {
    for await (const data of source(count)) await stream.push({ event: 'price', data: JSON.stringify(data) })
    await stream.close()
  }
}

/** @type {import('../workloads/fan-out.js').FanOut} It has no broadcast: the streams are kept in a Set. */
export async function fanOut ({ payload }) {
  const streams = new Set()

  const app = new H3()
  app.get('/', event => {
    const stream = new EventStream(event)
    streams.add(stream)
    stream.onClosed(() => { streams.delete(stream) })
    void stream.pushComment('connected') // the head goes out with the first bytes of the body
    return stream
  })
  return { server: createServer(toNodeHandler(app)), publish }

  function publish (i) {
    const event = { event: 'price', data: JSON.stringify(payload(i)) }
    for (const stream of streams) stream.push(event)
  }
}

// The floor of what a plugin of Fastify could do: its requests and responses, a hijacked reply each, and then nothing but
// their sockets, to which the bytes are written as on bare `net`, chunk framing included.
import Fastify from 'fastify'

export const title = "fastify, `reply.hijack()`, `socket.write(prebuilt)`: a plugin's floor"
export const packages = ['fastify']

/** @type {import('../workloads/fan-out.js').FanOut} */
export async function fanOut ({ payload }) {
  const sockets = new Set()
  let frames = ''

  const app = Fastify()
  app.get('/', (request, reply) => {
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    raw.flushHeaders()
    sockets.add(raw.socket)
    raw.on('close', () => { sockets.delete(raw.socket) })
  })
  await app.ready()
  return { server: app.server, publish }

  function publish (i) {
    if (frames === '') queueMicrotask(flush)
    frames += `event: price\ndata: ${JSON.stringify(payload(i))}\n\n`
  }

  function flush () {
    const chunk = Buffer.from(`${Buffer.byteLength(frames).toString(16)}\r\n${frames}\r\n`)
    frames = ''
    for (const socket of sockets) socket.write(chunk)
  }
}

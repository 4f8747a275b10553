// The floor: sockets without any HTTP server. The bytes are made once for all, chunk framing included, and those of one
// turn of the event loop leave together: one write per socket. Less can't be done in Node.js.
import { createServer } from 'node:net'

export const title = 'bare `net`, `socket.write(prebuilt)`: the floor'
export const packages = []

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n'

/** @type {import('../workloads/fan-out.js').FanOut} */
export async function fanOut ({ payload }) {
  const sockets = new Set()
  let frames = ''

  const server = createServer(socket => {
    socket.setNoDelay() // as node:http does
    socket.on('error', () => {}) // closes, too
    socket.on('close', () => { sockets.delete(socket) })
    socket.once('data', () => {
      socket.write(HEAD)
      sockets.add(socket)
    })
  })
  return { server, publish }

  function publish (i) {
    if (frames === '') queueMicrotask(flush)
    frames += `event: price\ndata: ${JSON.stringify(payload(i))}\n\n`
  }

  function flush () {
    const chunk = Buffer.from(`${frames.length.toString(16)}\r\n${frames}\r\n`) // all of it is ASCII
    frames = ''
    for (const socket of sockets) socket.write(chunk)
  }
}

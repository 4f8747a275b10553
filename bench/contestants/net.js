// The floor: sockets without any HTTP server. The bytes are made once, chunk framing included, for one stream before anybody
// asks for it; and what is there in one turn of the event loop leaves in one write. Less can't be done in Node.js.
import { createServer } from 'node:net'

export const title = 'bare `net`, `socket.write(prebuilt)`: the floor'
export const packages = []

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n'
const LAST_CHUNK = '0\r\n\r\n'
const BEAT = Buffer.from('2\r\n:\n\r\n')

/** Some 50 KB, where events are always ready: larger writes gain nothing. */
const EVENTS_PER_WRITE = 1_000

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn, most }) {
  const perWrite = nextTurn === undefined ? EVENTS_PER_WRITE : 1
  const prebuilt = []
  for (let i = 0; i < most; i += perWrite) prebuilt.push(chunkOf(i, Math.min(most, i + perWrite)))

  return createServer(socket => {
    socket.setNoDelay() // as node:http does
    socket.on('error', () => {}) // closes, too
    socket.once('data', request => {
      const [, url] = request.toString('latin1').split(' ')
      socket.write(HEAD)
      void send(socket, countOf({ url }))
    })
  })

  async function send (socket, count) {
    const whole = Math.floor(count / perWrite)
    for (let i = 0; i < whole; i++) {
      if (nextTurn !== undefined) await nextTurn()
      if (!socket.write(prebuilt[i])) await new Promise(resolve => { socket.once('drain', resolve) })
    }
    if (whole * perWrite < count) socket.write(chunkOf(whole * perWrite, count))
    socket.write(LAST_CHUNK)
  }

  function chunkOf (from, to) {
    let frames = ''
    for (let i = from; i < to; i++) frames += frameOf(payload(i))
    return chunk(frames)
  }
}

/** @type {import('../workloads/fan-out.js').FanOut} */
export async function fanOut ({ payload }) {
  const sockets = new Set()
  let frames = ''

  const server = createServer(socket => {
    socket.setNoDelay()
    socket.on('error', () => {})
    socket.on('close', () => { sockets.delete(socket) })
    socket.once('data', () => {
      socket.write(HEAD)
      sockets.add(socket)
    })
  })
  return { server, publish, beat }

  function publish (i) {
    if (frames === '') queueMicrotask(flush)
    frames += frameOf(payload(i))
  }

  function flush () {
    const bytes = chunk(frames)
    frames = ''
    for (const socket of sockets) socket.write(bytes)
  }

  function beat () {
    for (const socket of sockets) socket.write(BEAT)
  }
}

function frameOf (payload) {
  return `event: price\ndata: ${JSON.stringify(payload)}\n\n`
}

function chunk (frames) {
  return Buffer.from(`${frames.length.toString(16)}\r\n${frames}\r\n`) // all of it is ASCII
}

export { fanOut as idle }

// The load generator, a process of its own: reads one response off a raw socket and does nothing with the bytes but keep
// them. What they are is checked when the stream, and with it the measurement, is over.
import { connect } from 'node:net'
import { checkPrices, MAX_EVENT_BYTES } from '../prices.js'
import { isWhole, partsOf } from '../response.js'

/** Per read; what the kernel holds ready is taken at once. */
const READ_BYTES = 512 * 1024

let received = { bytes: Buffer.alloc(0), count: 0 }

process.on('message', async message => {
  try {
    process.send(message.do === 'read' ? await read(message) : check())
  } catch (error) {
    process.send({ error: error.message })
  }
})
process.on('disconnect', () => { process.exit() })

async function read ({ port, workload, count, timeoutMs }) {
  const { urlFor } = await import(`../workloads/${workload}.js`)
  const store = Buffer.alloc(4096 + count * MAX_EVENT_BYTES, 1) // touched now, not while it counts
  const { length, wallMs } = await fill(store, port, urlFor(count), timeoutMs)
  received = { bytes: store.subarray(0, length), count }
  return { wallMs }
}

function check () {
  checkPrices(partsOf(received.bytes), received.count)
  return { bytes: received.bytes.length }
}

/** Reads one response into a store. */
function fill (store, port, url, timeoutMs) {
  return new Promise((resolve, reject) => {
    const startedAtMs = performance.now()
    let length = 0
    const socket = connect({ host: '127.0.0.1', port, onread: { buffer: Buffer.alloc(READ_BYTES), callback: take } })
    const timer = setTimeout(() => { fail(`no end after ${timeoutMs} ms and ${length} bytes`) }, timeoutMs)
    socket.write(`GET ${url} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\nconnection: close\r\n\r\n`)
    socket.on('error', error => { fail(error.message) })
    socket.on('close', () => { fail(`the connection closed after ${length} bytes`) })

    function take (size, buffer) {
      if (length + size > store.length) return fail(`more bytes than there should be: ${length + size}`)
      buffer.copy(store, length, 0, size)
      length += size
      if (isWhole(store.subarray(0, length))) {
        clearTimeout(timer)
        resolve({ length, wallMs: performance.now() - startedAtMs })
        socket.destroy()
      }
      return true
    }

    function fail (message) {
      clearTimeout(timer)
      socket.destroy()
      reject(new Error(message))
      return false
    }
  })
}

import { connect } from 'node:net'
import t from 'tap'
import { loadedApp } from '../helpers/app.js'
import { halt, prices } from './streams.js'

/** Larger than what the kernel takes for a client that doesn't read. */
const large = halt({ reason: 'x'.repeat(24 * 1024 * 1024) })

t.test('one large event is no stall for a client that reads it, however slowly', async t => {
  for (const fastPaths of [true, false]) {
    const { app, listen, closed } = await loadedApp(t, { fastPaths, stallTimeoutMs: 400 })
    app.get('/', { schema: { response: { 200: prices } } }, async function * () { yield large })
    const socket = connect((await listen()).port, '127.0.0.1').on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n')
    // Some 2 MiB every 100 ms: all of it takes several times as long as the timeout.
    let [received, room] = [0, 0]
    let tail = ''
    const reading = setInterval(() => {
      room = 2 * 1024 * 1024
      socket.resume()
    }, 100)
    socket.on('data', data => {
      received += data.length
      room -= data.length
      tail = (tail + data.subarray(-10).toString()).slice(-10)
      if (room < 0) socket.pause()
    })
    await new Promise(resolve => { socket.once('close', resolve) })
    clearInterval(reading)
    t.ok(received > large.data.reason.length)
    t.ok(tail.endsWith('\r\n0\r\n\r\n'), 'it is whole')
    t.match(await closed(), { reason: 'complete' })
  }
})

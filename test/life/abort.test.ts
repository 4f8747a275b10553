import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { certificate } from '../helpers/certificate.js'
import { loadedApp } from '../helpers/app.js'
import { acme, prices } from './streams.js'

const declared = { schema: { response: { 200: prices } } }
const failing = async function * (): AsyncGenerator<typeof acme> {
  yield acme
  await new Promise(setImmediate)
  throw new Error('feed lost')
}

// An error in a write callback or a timer would end the process: here it would fail the test.
t.test('a stream of HTTP/1.0 that fails is broken off, over any kind of connection', async t => {
  t.test('TLS', async t => {
    const { app, listen, closed } = await loadedApp(t, {}, { https: certificate } as object)
    app.get('/', declared, failing)
    const socket = connectTls((await listen()).port, '127.0.0.1', { rejectUnauthorized: false })
    t.teardown(() => { socket.destroy() })
    socket.on('error', () => {}) // a reset is as good
    socket.resume().write('GET / HTTP/1.0\r\nHost: test\r\n\r\n')
    await once(socket, 'close')
    t.match(await closed(), { reason: 'error', events: 1 })
  })

  t.test('a unix socket', async t => {
    const folder = mkdtempSync(join(tmpdir(), 'sse-'))
    t.teardown(() => { rmSync(folder, { recursive: true }) })
    const { app, closed } = await loadedApp(t)
    app.get('/', declared, failing)
    await app.listen({ path: join(folder, 'socket') })
    const socket = connectSocket(join(folder, 'socket'))
    t.teardown(() => { socket.destroy() })
    socket.on('error', () => {}) // a reset is as good
    socket.resume().write('GET / HTTP/1.0\r\nHost: test\r\n\r\n')
    await once(socket, 'close')
    t.match(await closed(), { reason: 'error', events: 1 })
  })
})

t.test('a stream whose head is not out is broken off', async t => {
  t.test('over a unix socket, when its server closes', async t => {
    const folder = mkdtempSync(join(tmpdir(), 'sse-'))
    t.teardown(() => { rmSync(folder, { recursive: true }) })
    const { app, closed } = await loadedApp(t, { closeTimeoutMs: 50 })
    const held = new Promise<void>(resolve => {
      app.addHook('onSend', async () => {
        resolve()
        await new Promise(() => {})
      })
    })
    app.get('/', declared, async function * () { yield acme })
    await app.listen({ path: join(folder, 'socket') })
    const client = request({ socketPath: join(folder, 'socket'), path: '/' }).end()
    const failed = once(client, 'error')
    await held
    await app.close()
    await failed
    t.match(await closed(), { reason: 'shutdown' })
  })

  t.test('by inject, when its client is too slow', async t => {
    const { app, closed } = await loadedApp(t, { maxBufferedBytes: 10 })
    app.addHook('onSend', async () => { await new Promise(() => {}) })
    app.get('/', declared, async (request, reply) => {
      await reply.sse.send(acme)
      t.equal(await reply.sse.send(acme), false)
    })
    await t.rejects(app.inject('/'), { message: 'response destroyed before completion' })
    t.match(await closed(), { reason: 'slow' })
  })
})

import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { onClosed } from '../../lib/stream/on-closed.js'
import { deferred } from '../helpers/deferred.js'
import { RawClient } from '../helpers/raw-client.js'

async function serve (t: Test, listener: RequestListener): Promise<RawClient> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  return new RawClient(t, (server.address() as AddressInfo).port)
}

t.test('calls back once, whether the response has ended or the client has left', async t => {
  for (const leaves of [false, true]) {
    let calls = 0
    const called = deferred()
    const client = await serve(t, (_request, response) => {
      t.equal(onClosed(response, () => {
        calls++
        called.resolve()
      }), true)
      if (leaves) response.write('begun')
      else response.end('whole')
    })
    client.request('/')
    await client.until(({ text }) => /begun|whole/.test(text))
    client.socket.destroy()
    await called.promise
    await new Promise(setImmediate)
    t.equal(calls, 1, leaves ? 'left' : 'ended')
  }
})

t.test('does not call back where the client has left before', async t => {
  const done = deferred<boolean>()
  const client = await serve(t, (request, response) => {
    request.socket.once('close', () => { setImmediate(() => { done.resolve(onClosed(response, t.fail)) }) })
    client.socket.destroy()
  })
  client.request('/')
  t.equal(await done.promise, false)
})

t.test('a request that was sent ahead', async t => {
  t.test('is over when its connection closes, though its response never had it', async t => {
    const over: string[] = []
    const all = deferred()
    const client = await serve(t, (request, response) => {
      onClosed(response, () => {
        over.push(request.url ?? '')
        if (over.length === 2) all.resolve()
      })
      if (request.url === '/first') response.write('begun')
      else client.socket.destroy()
    })
    client.request('/first').request('/ahead')
    await all.promise
    t.strictSame(over.sort(), ['/ahead', '/first'])
  })

  t.test('is over once when it had its turn, and takes one listener however many are sent', async t => {
    const over: string[] = []
    const all = deferred()
    const responses: ServerResponse[] = []
    const listeners: number[] = []
    const client = await serve(t, (request, response) => {
      listeners.push(request.socket.listenerCount('close'))
      onClosed(response, () => {
        over.push(request.url ?? '')
        if (over.length < 20) return
        listeners.push(request.socket.listenerCount('close'))
        all.resolve()
      })
      responses.push(response)
      if (responses.length === 20) for (const each of responses) each.end('whole')
    })
    for (let i = 0; i < 20; i++) client.request(`/${i}`)
    await all.promise
    t.strictSame(over, Array.from({ length: 20 }, (_, i) => `/${i}`))
    const [first = 0] = listeners
    t.ok(listeners.every(count => count <= first + 1), `${listeners.join(' ')}`)
  })

  t.test('is not waited for where its connection has closed before', async t => {
    const done = deferred<boolean>()
    const client = await serve(t, (request, response) => {
      if (request.url === '/first') {
        response.write('begun')
        return
      }
      request.socket.once('close', () => { setImmediate(() => { done.resolve(onClosed(response, t.fail)) }) })
      client.socket.destroy()
    })
    client.request('/first').request('/ahead')
    t.equal(await done.promise, false)
  })
})

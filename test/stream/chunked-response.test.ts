import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { isChunked, isPlain, writeChunk } from '../../lib/stream/chunked-response.js'
import { shareFrames } from '../../lib/stream/shared-frames.js'
import { certificate } from '../helpers/certificate.js'
import { deferred } from '../helpers/deferred.js'
import { RawClient } from '../helpers/raw-client.js'

const { chunk } = shareFrames('data: shared\n\n', 1)
const CHUNK = 'e\r\ndata: shared\n\n\r\n'

t.test('writes the very chunk to the socket, between what the response writes', async t => {
  const { client, response } = await exchange(t)
  const written: unknown[] = []
  const socket = response.socket as Socket
  const write = socket.write.bind(socket)
  socket.write = (...args: unknown[]) => {
    written.push(args[0])
    return write(...args as Parameters<typeof write>)
  }
  t.equal(writeChunk(response, chunk), true)
  t.equal(written[0], chunk)
  response.write('own')
  await turn()
  t.equal(writeChunk(response, chunk), true)
  response.end()
  await client.until(({ isComplete }) => isComplete)
  t.equal(client.text.split('\r\n\r\n').slice(1).join('\r\n\r\n'), `5\r\nfirst\r\n${CHUNK}3\r\nown\r\n${CHUNK}0\r\n\r\n`)
})

t.test('leaves the connection as it was for the next request', async t => {
  const { client, response, next } = await exchange(t)
  writeChunk(response, chunk)
  const { socket } = response
  response.end()
  await client.until(({ isComplete }) => isComplete)
  t.equal(socket?.listenerCount('drain'), 1)
  client.text = ''
  const second = await next()
  t.equal(second.req.socket, socket)
  second.write('second')
  await turn()
  t.equal(writeChunk(second, chunk), true)
  second.end()
  await client.until(({ isComplete }) => isComplete)
})

t.test('a chunk beyond the high-water mark leaves room where the kernel takes it at once', async t => {
  const { client, response } = await exchange(t)
  const { chunk } = shareFrames('x'.repeat(100_000), 1)
  t.equal(writeChunk(response, chunk), true)
  await turn()
  t.equal(writeChunk(response, chunk), true)
  response.end()
  await client.until(({ isComplete }) => isComplete)
})

t.test('says when there is no room, and the response when there is again', async t => {
  const { client, response } = await exchange(t)
  const { chunk } = shareFrames('x'.repeat(60_000), 1)
  client.socket.pause()
  t.equal(writeChunk(response, chunk), true, 'what a socket takes at once needs no waiting, however large it is')
  let written = 2
  while (writeChunk(response, chunk) === true) written++
  t.ok(response.writableLength > 0)
  t.ok(response.writableNeedDrain)
  client.socket.resume()
  await new Promise(resolve => { response.once('drain', resolve) })
  t.equal(response.writableLength, 0)
  t.equal(writeChunk(response, chunk), true)
  response.end()
  await client.until(({ isComplete }) => isComplete)
  t.equal(client.body.length, 'first'.length + 60_000 * (written + 1))
})

t.test('leaves it to the response', async t => {
  t.test('when it has ended', async t => {
    const { response } = await exchange(t)
    response.end()
    t.equal(writeChunk(response, chunk), undefined)
  })

  t.test('when it ends, but what it wrote has not gone yet', async t => {
    const { client, response } = await exchange(t)
    client.socket.pause()
    while (response.write('x'.repeat(60_000))) await turn()
    response.end()
    t.not(response.socket, null)
    t.equal(writeChunk(response, chunk), undefined)
  })

  t.test('when its client has gone', async t => {
    const { response } = await exchange(t)
    response.socket?.destroy()
    t.equal(writeChunk(response, chunk), undefined)
  })

  t.test('when it is corked', async t => {
    const { response } = await exchange(t)
    response.cork()
    response.write('own')
    t.equal(writeChunk(response, chunk), undefined)
    response.uncork()
    await turn()
    t.equal(writeChunk(response, chunk), true)
  })

  t.test('when it waits for another response on its connection', async t => {
    const { client, response, next } = await exchange(t)
    const second = await next()
    second.write('second')
    t.ok(isChunked(second))
    await turn()
    t.equal(writeChunk(second, chunk), undefined)
    response.end()
    await turn()
    t.equal(writeChunk(second, chunk), true)
    second.end()
    await client.until(({ text }) => text.endsWith(`\r\n\r\n6\r\nsecond\r\n${CHUNK}0\r\n\r\n`))
  })

  t.test('when something lies in it', async t => {
    const { response } = await exchange(t)
    Object.defineProperty(response, 'writableLength', { value: 1 })
    t.equal(writeChunk(response, chunk), undefined)
  })

  t.test('when somebody else has put a write of their own into it', async t => {
    const { response } = await exchange(t)
    const { write } = response
    response.write = write.bind(response)
    t.equal(writeChunk(response, chunk), undefined)
  })
})

t.test('knows a response whose body has no chunks', async t => {
  t.equal((await exchange(t)).isChunked, true)
  t.equal((await exchange(t, { version: '1.0' })).isChunked, false)
  t.equal((await exchange(t, { method: 'HEAD' })).isChunked, false)

  await t.test('inject', async t => {
    const app = Fastify()
    app.get('/', (request, reply) => {
      reply.hijack()
      reply.raw.write('first')
      t.equal(writeChunk(reply.raw, chunk), undefined)
      reply.raw.end()
    })
    t.equal((await app.inject('/')).payload, 'first')
  })
})

t.test('knows a response that is as Node.js made it', async t => {
  const { response } = await exchange(t)
  t.equal(isPlain(response), true)
  response.write = response.write.bind(response)
  t.equal(isPlain(response), false)
  t.equal(isPlain(process.stdout), false)

  await t.test('and not that of HTTP/2', async t => {
    const server = createHttp2Server((request, response) => {
      t.equal(isPlain(response), false)
      response.end()
    })
    const session = connectHttp2(`http://127.0.0.1:${await listen(t, server)}`)
    await new Promise(resolve => { session.request().once('close', resolve).resume() })
    session.close()
  })

  await t.test('nor that of inject', async t => {
    const app = Fastify()
    app.get('/', (request, reply) => { reply.send({ isPlain: isPlain(reply.raw) }) })
    t.strictSame((await app.inject('/')).json(), { isPlain: false })
  })
})

t.test('works over TLS', async t => {
  const server = createHttpsServer(certificate, (request, response) => {
    response.write('first')
    setImmediate(() => {
      t.equal(writeChunk(response, chunk), true)
      response.end()
    })
  })
  const socket = connectTls({ port: await listen(t, server), host: '127.0.0.1', rejectUnauthorized: false })
  t.teardown(() => { socket.destroy() })
  socket.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n')
  let text = ''
  for await (const data of socket.setEncoding('latin1')) {
    text += String(data)
    if (text.endsWith('0\r\n\r\n')) break
  }
  t.ok(text.endsWith(`\r\n\r\n5\r\nfirst\r\n${CHUNK}0\r\n\r\n`))
})

/** A response that has written `first`, a turn ago, and whoever reads it. */
async function exchange (t: Test, request = {}): Promise<Exchange> {
  let arrived = deferred<ServerResponse>()
  const server = createServer((request: IncomingMessage, response) => {
    // Not where there is no body, unless it is asked for.
    if (request.method === 'HEAD') response.setHeader('transfer-encoding', 'chunked')
    arrived.resolve(response)
  })
  const client = new RawClient(t, await listen(t, server))
  const next = async (): Promise<ServerResponse> => {
    arrived = deferred()
    client.request('/', request)
    return await arrived.promise
  }
  const response = await next()
  response.write('first')
  await turn()
  return { client, response, next, isChunked: isChunked(response) }
}

interface Exchange {
  client: RawClient
  response: ServerResponse
  next: () => Promise<ServerResponse>
  isChunked: boolean
}

async function listen (t: Test, server: Server): Promise<number> {
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  return (server.address() as AddressInfo).port
}

async function turn (): Promise<void> {
  await new Promise(setImmediate)
}

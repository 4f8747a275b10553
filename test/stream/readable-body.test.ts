import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { ReadableBody } from '../../lib/stream/readable-body.js'
import { RawClient } from '../helpers/raw-client.js'
import { replyTo } from './reply-to.js'

/** A body, and what its source is told. */
function setting (isDirect = true) {
  const told: unknown[] = []
  const body = new ReadableBody({
    onRead: () => { told.push('read') },
    onWanted: () => { told.push('wanted') },
    onDestroyed: () => { told.push('destroyed') },
    writeTo: (response, needsReadable) => { told.push(response, needsReadable) }
  }, isDirect)
  return { body, told }
}

t.test('reads nothing ahead, and says when more is wanted', async t => {
  const { body, told } = setting()
  body.push('a')
  t.strictSame(told, [])
  body.on('data', () => {})
  await nextTurn()
  t.strictSame([told[0], told.find(word => word !== 'read')], ['read', 'wanted'])
})

t.test('says that it is read also when its end is there already', async t => {
  const { body, told } = setting()
  body.push('a')
  body.push(null)
  t.equal(await text(body), 'a')
  t.strictSame([told[0], told.includes('wanted')], ['read', false])
})

t.test('goes the way of every Readable', async t => {
  t.test('to what is no response, as often as it likes', async t => {
    const { body } = setting()
    const [one, two] = [collector(), collector()]
    body.pipe(one.destination)
    body.pipe(two.destination)
    body.push('a')
    body.push(null)
    await Promise.all([closed(one.destination), closed(two.destination)])
    t.equal(one.chunks.join(), 'a')
    t.equal(two.chunks.join(), 'a')
  })

  t.test('to a response, when somebody listens as well', async t => {
    const { body, told } = setting()
    const { response, client } = await served(t)
    let heard = ''
    body.on('data', (chunk: Buffer) => { heard += chunk.toString() })
    body.pipe(response)
    body.push('a')
    body.push(null)
    await client.until(({ isComplete }) => isComplete)
    t.strictSame([heard, client.body], ['a', 'a'])
    t.notOk(told.includes(response))
  })

  t.test('to a response, when it was paused or has gone', async t => {
    for (const act of ['pause', 'destroy'] as const) {
      const { body, told } = setting()
      const { response } = await served(t)
      body[act]()
      body.pipe(response)
      t.notOk(told.includes(response))
      response.destroy()
    }
  })

  t.test('to a response, where nothing else is wanted', async t => {
    const { body, told } = setting(false)
    const { response, client } = await served(t)
    body.pipe(response)
    body.push('a')
    body.push(null)
    await client.until(({ isComplete }) => isComplete)
    t.equal(client.body, 'a')
    t.notOk(told.includes(response))
  })

  t.test('to whoever reads it as text', async t => {
    const { body } = setting()
    body.push('a')
    body.push(null)
    t.equal(await text(body), 'a')
  })
})

t.test('ends a pipeline, and is destroyed by one that breaks', async t => {
  const whole = setting()
  const { destination, chunks } = collector()
  whole.body.push('a')
  whole.body.push(null)
  await pipeline(whole.body, new PassThrough(), destination)
  t.equal(chunks.join(), 'a')

  const broken = setting()
  const transform = new PassThrough()
  const piped = pipeline(broken.body, transform, collector().destination)
  await nextTurn()
  transform.destroy(new Error('broken'))
  await t.rejects(piped, { message: 'broken' })
  t.equal(broken.told.at(-1), 'destroyed')
})

t.test('leaves the writing to its source where a response is all that reads it', async t => {
  t.test('and ends the response', async t => {
    const { body, told } = setting()
    const { response, client } = await served(t)
    t.equal(body.pipe(response), response)
    t.strictSame(told.slice(0, 2), [response, true])
    response.write('a')
    body.push(null)
    await client.until(({ isComplete }) => isComplete)
    t.equal(client.body, 'a')
    t.equal(told.at(-1), 'destroyed')
  })

  t.test('but keeps to what pipe was told about the end', async t => {
    const { body } = setting()
    const { response, client } = await served(t)
    body.pipe(response, { end: false })
    response.write('a')
    const ended = new Promise(resolve => { body.once('end', resolve) })
    body.push(null)
    await ended
    await nextTurn()
    t.notOk(response.writableEnded)
    response.end('b')
    await client.until(({ isComplete }) => isComplete)
    t.equal(client.body, 'ab')
  })
})

t.test('answers for Fastify', async t => {
  t.test('with the head and without a listener but one, which no error gets past', async t => {
    const { body, told } = setting()
    const { response, client } = await served(t)
    const before = response.listenerCount('close') + response.listenerCount('finish')
    t.equal(body.answer(created(response)), true)
    t.strictSame(told, [response, false])
    t.equal(response.listenerCount('close') + response.listenerCount('finish'), before)
    response.emit('error', new Error('unheard'))
    response.write('a')
    response.end()
    await client.until(({ isComplete }) => isComplete)
    t.match(client.text, /^HTTP\/1\.1 201 Created\r\nx-own: 1\r\n/)
    t.equal(client.body, 'a')
  })

  t.test('but not where something else reads it, or where Fastify has more to do', async t => {
    const { response } = await served(t)
    const read = setting()
    read.body.resume()
    t.equal(read.body.answer(created(response)), false)
    t.equal(setting(false).body.answer(created(response)), false)
    t.equal(setting().body.answer(replyTo(collector().destination)), false)
    t.notOk(response.headersSent)
    response.destroy()
  })

  t.test('and throws where a header can not be sent, before anything is written', async t => {
    const { body, told } = setting()
    const { response } = await served(t)
    t.throws(() => body.answer(replyTo(response, { 'x-own': 'a\nb' })), { code: 'ERR_INVALID_CHAR' })
    t.strictSame(told, [])
    t.notOk(response.headersSent)
    t.equal(response.statusMessage, undefined)
    response.destroy()
  })
})

function created (raw: ServerResponse): FastifyReply {
  raw.statusCode = 201
  return replyTo(raw, { 'x-own': '1' })
}

async function served (t: Test): Promise<{ response: ServerResponse, client: RawClient }> {
  const server = createServer()
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  const answered = new Promise<ServerResponse>(resolve => { server.once('request', (request, response) => { resolve(response) }) })
  const client = new RawClient(t, (server.address() as AddressInfo).port).request('/')
  return { response: await answered, client }
}

function collector (): { destination: Writable, chunks: Buffer[] } {
  const chunks: Buffer[] = []
  const destination = new Writable({
    write (chunk: Buffer, encoding, callback) {
      chunks.push(chunk)
      callback()
    }
  })
  return { destination, chunks }
}

async function nextTurn (): Promise<void> {
  await new Promise(setImmediate)
}

async function closed (destination: Writable): Promise<void> {
  await new Promise(resolve => { destination.once('close', resolve) })
}

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { Outflow } from '../../lib/stream/outflow.js'
import type { ReadableBody } from '../../lib/stream/readable-body.js'
import { shareFrames } from '../../lib/stream/shared-frames.js'
import { RawClient } from '../helpers/raw-client.js'
import { replyTo } from './reply-to.js'

/** An outflow, and what its owner is told. */
function setting () {
  const told: string[] = []
  const outflow = new Outflow(true, { onRead: () => { told.push('read') }, onWanted: () => { told.push('wanted') }, onClosed: () => { told.push('closed') } })
  return { outflow, readable: outflow.readable as ReadableBody, told }
}

/** The same, and the response to a request, which it goes to when it is opened. */
async function served (t: Test, isAlone: boolean) {
  const server = createServer()
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  const answered = new Promise<ServerResponse>(resolve => { server.once('request', (request, response) => { resolve(response) }) })
  const client = new RawClient(t, (server.address() as AddressInfo).port).request('/')
  const response = await answered
  const { outflow, readable, told } = setting()
  const open = (): void => {
    if (isAlone) readable.answer(replyTo(response))
    else readable.pipe(response)
  }
  return { outflow, readable, told, response, client, open }
}

const frames = (text: string) => shareFrames(text, 1)

t.test('by a Readable', async t => {
  t.test('hands on what it is given, waits until it was read, and ends', async t => {
    const { outflow, readable, told } = setting()
    outflow.write(frames('a'))
    t.strictSame([outflow.bytes, outflow.queued, outflow.isWanted], [1, 1, false])
    let text = ''
    readable.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
    await turn()
    t.ok(outflow.isWanted)
    outflow.write(frames('b'))
    outflow.end()
    await new Promise(resolve => { readable.once('close', resolve) })
    t.equal(text, 'ab')
    t.equal(told.at(-1), 'closed')
    t.ok(outflow.isClosed)
  })

  t.test('hands on large frames in parts', async t => {
    const { outflow, readable } = setting()
    const sizes: number[] = []
    readable.on('data', (chunk: Buffer) => { sizes.push(chunk.length) })
    outflow.write(frames('x'.repeat(150_000)))
    await turn()
    t.strictSame(sizes, [65_536, 65_536, 150_000 - 131_072])
  })

  t.test('is closed once', async t => {
    const { outflow, told } = setting()
    outflow.close()
    await turn()
    outflow.close()
    await turn()
    t.strictSame(told, ['closed'])
  })

  t.test('tells whoever reads of what broke it off', async t => {
    const { outflow, readable } = setting()
    const error = new Error('broken')
    const failed = new Promise(resolve => { readable.once('error', resolve) })
    outflow.abort(error)
    t.equal(await failed, error)
  })
})

for (const isAlone of [true, false]) {
  t.test(`by a response, ${isAlone ? 'alone' : 'piped'}`, async t => {
    t.test('begins with what has gathered, and hands on large frames whole', async t => {
      const { outflow, client, open, told, readable } = await served(t, isAlone)
      outflow.write(frames('a'))
      open()
      t.equal(outflow.readable, isAlone ? undefined : readable)
      t.strictSame([outflow.queued, outflow.isWanted, told.at(-1)], [0, true, 'wanted'])
      await turn()
      outflow.write(frames('b'.repeat(70_000)))
      outflow.end()
      await client.until(({ isComplete }) => isComplete)
      t.equal(client.body, `a${'b'.repeat(70_000)}`)
      t.ok(client.text.includes('\r\n11170\r\n'), 'one chunk')
    })

    t.test('ends, though it had ended before', async t => {
      const { outflow, client, open } = await served(t, isAlone)
      outflow.write(frames('a'))
      outflow.end()
      await turn()
      open()
      await client.until(({ isComplete }) => isComplete)
      t.equal(client.body, 'a')
    })

    t.test('waits for it to drain, once', async t => {
      const { outflow, client, response, open, told } = await served(t, isAlone)
      open()
      client.socket.pause()
      const shared = frames('x'.repeat(65_536))
      while (outflow.isWanted) {
        outflow.write(shared)
        await turn()
      }
      outflow.write(shared)
      t.equal(response.listenerCount('drain'), 1)
      outflow.onWanted()
      t.equal(outflow.isWanted, false, 'whatever the Readable says')
      const { length } = told
      client.socket.resume()
      while (!outflow.isWanted) await turn()
      t.strictSame(told.slice(length), ['wanted'])
      outflow.end()
      await client.until(({ isComplete }) => isComplete)
      t.equal(client.body.length, outflow.bytes)
    })

    t.test('is closed with no word to it', async t => {
      const { outflow, readable, response, open, told } = await served(t, isAlone)
      open()
      outflow.close()
      outflow.close()
      readable.destroy()
      await turn()
      t.equal(told.filter(word => word === 'closed').length, 1)
      t.notOk(response.writableEnded)
      t.notOk(response.destroyed)
      response.destroy()
    })

    t.test('does not go on once it is closed, when it drains', async t => {
      const { outflow, client, response, open, told } = await served(t, isAlone)
      open()
      client.socket.pause()
      while (outflow.isWanted) {
        outflow.write(frames('x'.repeat(65_536)))
        await turn()
      }
      outflow.write(frames('late'))
      outflow.close()
      t.equal(outflow.queued, 0)
      const drained = new Promise(resolve => { response.once('drain', resolve) })
      client.socket.resume()
      await drained
      t.equal(told.at(-1), 'closed')
      response.destroy()
    })

    t.test('is broken off so that it does not look complete', async t => {
      const { outflow, response, client, open, readable } = await served(t, isAlone)
      if (!isAlone) readable.on('error', () => { response.destroy() }) // as Fastify does with what it pipes
      open()
      outflow.write(frames('a'))
      await client.until(({ body }) => body === 'a')
      outflow.abort(new Error('broken'))
      await client.until(({ ended }) => ended !== undefined)
      t.notOk(client.isComplete)
      t.ok(outflow.isClosed)
    })
  })
}

async function turn (): Promise<void> {
  await new Promise(setImmediate)
}

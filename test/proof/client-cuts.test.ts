import { once } from 'node:events'
import { connect as dial, createServer, type Socket } from 'node:net'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { connect, type ClientStream } from '../../lib/client/connect.js'
import type { Channel } from '../../types/channel.js'
import { ticks } from '../client/streams.js'
import { loadedApp } from '../helpers/app.js'
import { type Random, SCALE, seeded } from './random.js'

const CLIENTS = 12
const CUTS = 2_100 * SCALE
const RESTARTS = 8

t.setTimeout(120_000 * SCALE)

/** A proxy that breaks each connection after a random number of bytes from the server, until it is told to leave them. */
class Cutter {
  cuts = 0
  isOver = false
  readonly #sockets = new Set<Socket>()

  async listen (t: Test, toPort: number, random: Random): Promise<string> {
    const server = createServer(near => {
      const far = dial(toPort, '127.0.0.1')
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => {}) // the other one goes with it
        socket.on('close', () => {
          this.#sockets.delete(socket)
          near.destroy()
          far.destroy()
        })
      }
      near.pipe(far)
      this.#cutAfter(random.below(random.chance(0.2) ? 20 : 1_000), near, far, random)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => {
      server.close()
      for (const socket of this.#sockets) socket.destroy()
    })
    return `http://127.0.0.1:${(server.address() as { port: number }).port}/`
  }

  #cutAfter (bytes: number, near: Socket, far: Socket, random: Random): void {
    let left = bytes
    const isReset = random.chance(0.5)
    far.on('data', chunk => {
      if (this.isOver) {
        near.write(chunk)
        return
      }
      near.write(chunk.subarray(0, left))
      left -= chunk.length
      if (left > 0 || near.writableEnded) return
      this.cuts++
      if (isReset) near.resetAndDestroy()
      else near.end()
    })
  }
}

interface Totals { connections: number, cut: number }

/** Reads until it has the last number, and throws unless each comes once and in order. */
async function readAll (stream: ClientStream<typeof ticks>, isLast: (n: number) => boolean, isLazy: () => boolean): Promise<number> {
  let expected = 0
  for await (const event of stream) {
    if (event.event !== 'tick') throw new Error(`${event.event} after ${expected - 1}`)
    if (event.data.n !== expected) throw new Error(`${event.data.n} after ${expected - 1}`)
    expected++
    if (isLast(event.data.n)) break
    if (isLazy()) await delay(5)
  }
  return expected
}

t.test(`${CUTS} cuts at any byte, and nothing is lost, doubled or out of order`, async t => {
  const random = seeded(t)
  const { app, listen } = await loadedApp(t, { retryMs: 0, heartbeatMs: 50 }, { forceCloseConnections: true })
  const channel = app.sse.channel('ticks', ticks, { history: { maxEvents: 1_000_000 } })
  app.get('/', { schema: { response: { 200: ticks } } }, request => channel.subscribe(request))
  const { port } = await listen()
  const cutter = new Cutter()
  const url = await cutter.listen(t, port, random.fork())
  const lastEventId = await channel.position()

  const totals: Totals = { connections: 0, cut: 0 }
  let last = Infinity
  const readers = Array.from({ length: CLIENTS }, async () => {
    const own = random.fork()
    const stream = connect<typeof ticks>(url, { lastEventId, maxRetryMs: 0 })
    t.teardown(stream.close)
    stream.onState(state => {
      if (state === 'connecting') totals.connections++
      if (state === 'waiting') totals.cut++
    })
    return await readAll(stream, n => n === last, () => own.chance(0.001))
  })

  let n = 0
  const done = Promise.all(readers)
  const failed = new AbortController()
  done.catch(() => { failed.abort() })
  while (cutter.cuts < CUTS && !failed.signal.aborted) {
    for (let burst = 1 + random.below(8); burst > 0; burst--) await channel.publish(ticks.event.tick({ n: n++ }))
    await (random.chance(0.9) ? delay(random.below(4)) : turn())
  }
  cutter.isOver = true
  last = n
  await channel.publish(ticks.event.tick({ n }))
  t.strictSame(await done, Array.from({ length: CLIENTS }, () => n + 1))
  t.comment(`${n} published, ${cutter.cuts} cuts, ${JSON.stringify(totals)}`)
  t.ok(totals.cut > CUTS / 2, 'clients have seen most of the cuts')
})

t.test(`${RESTARTS} restarts with an empty history, and each is told as a gap`, async t => {
  const start = async (port: number): Promise<{ port: number, channel: Channel<typeof ticks.schemas>, stop: () => Promise<void> }> => {
    const { app } = await loadedApp(t, { retryMs: 0, closeSpreadMs: 0 }, { forceCloseConnections: true })
    const channel = app.sse.channel('ticks', ticks, { history: { maxEvents: 1_000 } })
    app.get('/', { schema: { response: { 200: ticks } } }, request => channel.subscribe(request))
    const url = await app.listen({ port, host: '127.0.0.1' })
    return { channel, port: Number(new URL(url).port), stop: async () => { await app.close() } }
  }
  let server = await start(0)
  const lastEventId = await server.channel.position()
  const got = Array.from({ length: CLIENTS }, (): unknown[] => [])
  for (const own of got) {
    const stream = connect<typeof ticks>(`http://127.0.0.1:${server.port}/`, { lastEventId, maxRetryMs: 0 })
    t.teardown(stream.close)
    let lastId: string | undefined
    stream.on('tick', ({ n }, { id }) => {
      own.push(n)
      lastId = id
    })
    stream.on('stream-gap', ({ requested }) => { own.push(requested === lastId ? 'gap' : requested) })
  }
  const expected: unknown[] = []
  const all = async (): Promise<void> => { while (got.some(({ length }) => length < expected.length)) await turn() }
  for (let n = 0; n < RESTARTS; n++) {
    for (let more = 0; more < 10; more++) {
      expected.push(n * 10 + more)
      await server.channel.publish(ticks.event.tick({ n: n * 10 + more }))
    }
    await all()
    await server.stop()
    server = await start(server.port)
    expected.push('gap')
    await all()
  }
  t.strictSame(got, got.map(() => expected))
})

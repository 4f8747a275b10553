import { constants, gunzipSync } from 'node:zlib'
import t from 'tap'
import { follow, open, type OpenStream, type Protocol, PROTOCOLS } from './client.js'
import { LARGE, type Served, startBehind, startInstance } from './instance.js'
import { type Changes, type ProxyKind, startProxy } from './proxy.js'

// One after another: a proxy that holds each of them for its 200 ms takes longer than this.
const EVENTS = 20
const HELD_MS = 3_000

export interface Suite {
  /** Makes the time that it waits for an instance's next byte a second. */
  readonly impatient: Changes
  /** Makes it compress what it can. */
  readonly compressing: Changes
  /** Whether the installed version ends well what an instance has broken off. */
  readonly hidesCuts: (protocol: Protocol) => boolean
}

/** What has to hold behind each proxy that is set up as the page says. */
export function testProxy (kind: ProxyKind, { impatient, compressing, hidesCuts }: Suite): void {
  for (const protocol of PROTOCOLS) {
    t.test(`${kind.name} passes each event on at once, over ${protocol}`, async t => {
      const behind = await startBehind(t, kind)
      if (behind === undefined) return
      const stream = await open(t, behind.proxy.origin, { protocol })
      const startedAtMs = performance.now()
      await sendEach(behind.instance.served.items[0], stream)
      const tookMs = performance.now() - startedAtMs
      t.ok(tookMs < HELD_MS, `${EVENTS} events took ${tookMs} ms`)
      t.equal(stream.headers['content-type'], 'text/event-stream')
      t.equal(stream.text(), `retry: 2000\n${Array.from({ length: EVENTS }, (_, n) => `data: ${n}\n\n`).join('')}`)
    })

    t.test(`${kind.name} tells the app at once that a client has left, over ${protocol}`, async t => {
      const behind = await startBehind(t, kind, { options: { heartbeatMs: Infinity } })
      if (behind === undefined) return
      const stream = await open(t, behind.proxy.origin, { protocol })
      stream.leave()
      t.equal((await behind.instance.closed())['reason'], 'client')
    })

    t.test(`${kind.name} breaks off what the app breaks off, unless it is known not to, over ${protocol}`, async t => {
      const behind = await startBehind(t, kind)
      if (behind === undefined) return
      const stream = await open(t, behind.proxy.origin, { protocol })
      behind.instance.served.items[0]?.fail()
      t.equal(await stream.ended, hidesCuts(protocol) ? 'complete' : 'cut')
    })

    t.test(`${kind.name} passes on what the plugin has compressed as it is, each event at once, over ${protocol}`, async t => {
      const behind = await startBehind(t, kind, { options: { compress: { encodings: ['gzip'] } }, changes: compressing })
      if (behind === undefined) return
      const stream = await open(t, `${behind.proxy.origin}/large`, { protocol, headers: { 'accept-encoding': 'gzip' } })
      t.equal(stream.headers['content-encoding'], 'gzip')
      await sendEach(behind.instance.served.items[0], stream)
    })

    t.test(`${kind.name} holds nothing back to compress it, over ${protocol}`, async t => {
      const behind = await startBehind(t, kind, { changes: compressing })
      if (behind === undefined) return
      const stream = await open(t, `${behind.proxy.origin}/large`, { protocol, headers: { 'accept-encoding': 'gzip' } })
      await stream.chunks.until(() => textOf(stream).endsWith(`data: ${LARGE}\n\n`))
      await sendEach(behind.instance.served.items[0], stream)
    })
  }

  t.test(`${kind.name} keeps a quiet stream for as long as heartbeats come, and no longer`, async t => {
    const lively = await startInstance(t, { heartbeatMs: 200 })
    const silent = await startInstance(t, { heartbeatMs: Infinity })
    const toLively = await startProxy(t, kind, [lively.port], impatient)
    const toSilent = await startProxy(t, kind, [silent.port], impatient)
    if (toLively === undefined || toSilent === undefined) return
    const kept = await open(t, toLively.origin)
    const lost = await open(t, toSilent.origin)
    await lost.ended
    t.equal((await silent.closed())['reason'], 'client')
    await kept.chunks.until(() => kept.text().split(':\n').length > 8)
    lively.served.items[0]?.send(1)
    await kept.chunks.until(() => kept.text().endsWith('data: 1\n\n'))
  })

  t.test(`behind ${kind.name}, who is sent away comes back to another instance, and says how far it was`, async t => {
    const options = { retryMs: 0, closeSpreadMs: 0 }
    const instances = [await startInstance(t, options), await startInstance(t, options)]
    const proxy = await startProxy(t, kind, instances.map(({ port }) => port))
    if (proxy === undefined) return
    const events = follow(t, proxy.origin)
    const first = await Promise.race(instances.map(async each => {
      await each.served.until(({ length }) => length === 1)
      return each
    }))
    first.served.items[0]?.send(1, 41)
    await events.until(({ length }) => length === 1)
    await first.app.close()
    t.equal((await first.closed())['reason'], 'shutdown')

    const other = instances.find(each => each !== first)
    await other?.served.until(({ length }) => length === 1)
    t.equal(other?.served.items[0]?.lastEventId, '41')
    other?.served.items[0]?.send(2, 42)
    await events.until(({ length }) => length === 2)
    t.strictSame(events.items, [{ data: '1', lastEventId: '41' }, { data: '2', lastEventId: '42' }])
  })
}

/** Sends events of which each has to arrive before the next is sent. */
export async function sendEach (served: Served | undefined, stream: OpenStream): Promise<void> {
  for (let n = 0; n < EVENTS; n++) {
    served?.send(n)
    await stream.chunks.until(() => textOf(stream).endsWith(`data: ${n}\n\n`))
  }
}

/** What can be read of a body so far, also where it is compressed. */
export function textOf ({ headers, chunks }: OpenStream): string {
  const bytes = Buffer.concat(chunks.items)
  return (headers['content-encoding'] === 'gzip' ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes).toString()
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { connect } from '../../lib/client/connect.js'
import { eventSourceKinds, eventsOf as firedBy, hasGivenUp } from '../clients/event-sources.js'
import { servePage } from '../clients/page.js'
import { expectedEvents, names, serveScript } from '../clients/script.js'
import { tick, ticks } from '../ecosystem/ticks.js'
import { testApp, type TestApp } from '../helpers/app.js'
import { launchChromium } from '../helpers/chromium.js'
import { deferred } from '../helpers/deferred.js'
import { decode, eventsOf } from '../helpers/event-stream-client.js'
import { requireBinary } from '../helpers/services.js'
import { encodings } from './bodies.js'

const EVENTS = 10
const counted = Array.from({ length: EVENTS }, (_, i) => `{"n":${i + 1}}`)

t.setTimeout(180_000)

/** A server that makes an event when its client has got the one before, and knows how it was sent. */
interface Served extends TestApp {
  readonly url: string
  /** The content encodings of its streams. */
  readonly sent: unknown[]
  /** The client has got an event. */
  readonly got: () => void
}

async function serve (t: Test): Promise<Served> {
  // Node's fetch may leave a connection without any request, for which a closing server would wait a minute.
  const bare = testApp(t, { compress: true }, { forceCloseConnections: true })
  const { app, listen } = bare
  const sent: unknown[] = []
  let next = deferred()
  app.addHook('onSend', async (_request, reply) => {
    if (reply.getHeader('content-type') === 'text/event-stream') sent.push(reply.getHeader('content-encoding'))
  })
  servePage(app)
  app.after(() => {
    serveScript(app)
    app.get('/ticks', { schema: { response: { 200: ticks } }, sse: { onComplete: 'stop' } }, async function * () {
      for (let n = 1; n <= EVENTS; n++) {
        yield tick({ n })
        await next.promise
        next = deferred()
      }
    })
  })
  const { url } = await listen()
  return { ...bare, url, sent, got: () => { next.resolve() } }
}

t.test('an EventSource', async t => {
  const browser = await launchChromium(t)
  for (const kind of eventSourceKinds(browser)) {
    await t.test(kind.name, async t => {
      t.test('gets each event before the next is made', async t => {
        const { url, sent, got } = await serve(t)
        const source = await kind.open(t, url, '/ticks', ['tick'])
        for (let n = 1; n <= EVENTS; n++) {
          await source.fired.until(() => firedBy(source).length === n)
          got()
        }
        t.strictSame(firedBy(source).map(([, data]) => data), counted)
        await source.close()
        t.ok(encodings.includes(sent[0] as never), `by ${String(sent[0])}`)
      })

      t.test('gets every event right, however large or odd', async t => {
        const { url, sent } = await serve(t)
        const source = await kind.open(t, url, '/script', names)
        await source.fired.until(hasGivenUp)
        const received = firedBy(source)
        const expected = expectedEvents()
        t.equal(received.length, expected.length)
        t.ok(received.every(([event, data], n) => event === expected[n]?.event && data === expected[n]?.data))
        t.ok(encodings.includes(sent[0] as never), `by ${String(sent[0])}`)
      })
    })
  }
})

t.test("fetch gets each event before the next is made, and so does this package's client", async t => {
  // The fetch of Node.js 22 does not read zstd, and does not ask for it by itself.
  const readsZstd = Number.parseInt(process.versions['undici'] ?? '') >= 7
  for (const encoding of encodings.filter(encoding => encoding !== 'zstd' || readsZstd)) {
    const { url, sent, got } = await serve(t)
    const response = await fetch(`${url}/ticks`, { headers: { 'accept-encoding': encoding } })
    const received: string[] = []
    for await (const { event, data } of eventsOf(response.body)) {
      if (event === 'tick') received.push(data)
      got()
    }
    t.strictSame(received, counted)
    for await (const event of connect<typeof ticks>(`${url}/ticks`, { headers: { 'accept-encoding': encoding } })) {
      received.push(JSON.stringify(event.data))
      got()
    }
    t.strictSame(received, [...counted, ...counted])
    t.strictSame(sent.slice(0, 2), [encoding, encoding])
  }
})

t.test('curl --compressed -N gets each event before the next is made', async t => {
  const curl = requireBinary(t, 'curl')
  if (curl === undefined) return
  for (const encoding of await known(curl)) {
    const { url, sent, got } = await serve(t)
    const child = spawn(curl, ['--silent', '--show-error', '--fail', '--compressed', '--no-buffer', '--noproxy', '*', '--header', `Accept-Encoding: ${encoding}`, `${url}/ticks`], { stdio: ['ignore', 'pipe', 'inherit'] })
    let body = ''
    let seen = 0
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      body += text
      const { length } = decode(body).filter(({ event }) => event === 'tick')
      for (; seen < length; seen++) got()
    })
    const [code] = await once(child, 'close')
    t.equal(code, 0)
    t.strictSame(decode(body).filter(({ event }) => event === 'tick').map(({ data }) => data), counted)
    t.strictSame(sent, [encoding])
  }
})

/** Those of the encodings that this curl was built with. */
async function known (curl: string): Promise<string[]> {
  const child = spawn(curl, ['--version'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let version = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { version += text })
  await once(child, 'close')
  const features: Record<string, string> = { gzip: 'libz', br: 'brotli', zstd: 'zstd' }
  return encodings.filter(encoding => new RegExp(`^Features:.*\\b${features[encoding]}\\b`, 'm').test(version))
}

import t, { type Test } from 'tap'
import { testApp, type TestApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { Inbox } from '../helpers/inbox.js'
import { startNginx } from '../helpers/nginx.js'

// nginx buffers responses by default, and nothing in its configuration here says that it should not.

const HTTP_11 = 'proxy_http_version 1.1; proxy_set_header Connection "";'

/** How nginx may be set up in front of the app. */
const SETUPS = {
  'nginx over HTTP/1.0, its default,': '',
  'nginx over HTTP/1.1': HTTP_11,
  // nginx does not care for no-transform, but it flushes what it has compressed with every event.
  'nginx with gzip for event streams': `${HTTP_11} gzip on; gzip_types text/event-stream; gzip_min_length 0; gzip_proxied any;`
}

t.setTimeout(180_000)

for (const [nginx, directives] of Object.entries(SETUPS)) {
  t.test(`${nginx} passes each event on before the next one is there`, async t => {
    const test = testApp(t)
    const arrivals = Array.from({ length: 5 }, () => deferred())
    test.app.get('/', async function * () {
      for (const [n, arrival] of arrivals.entries()) {
        yield { data: n }
        await arrival.promise
      }
    })
    const response = await getThroughNginx(t, test, directives)
    if (response === undefined) return
    const { body, ended } = read(response)
    for (const [n, arrival] of arrivals.entries()) {
      await body.until(items => items.join('').includes(`data: ${n}\n\n`))
      arrival.resolve()
    }
    await ended

    t.equal(body.items.join(''), `retry: 2000\n${arrivals.map((_, n) => `data: ${n}\n\n`).join('')}`)
    t.equal(response.headers.get('content-type'), 'text/event-stream')
    t.equal(response.headers.get('content-encoding'), directives.includes('gzip') ? 'gzip' : null)
    t.equal(response.headers.get('x-accel-buffering'), null, 'which was meant for nginx')
  })

  t.test(`${nginx} passes on that the client has left, so the generator ends`, async t => {
    const test = testApp(t)
    const cleanedUp = deferred()
    test.app.get('/', async function * (_request, reply) {
      try {
        yield { data: 1 }
        await new Promise(resolve => { reply.sse.signal.addEventListener('abort', resolve) })
      } finally {
        cleanedUp.resolve()
      }
    })
    const client = new AbortController()
    const response = await getThroughNginx(t, test, directives, client.signal)
    if (response === undefined) return
    const { body, ended } = read(response)
    await body.until(items => items.join('').includes('data: 1\n\n'))
    client.abort()
    await cleanedUp.promise
    t.equal((await test.closed())['reason'], 'client')
    await t.rejects(ended)
  })

  t.test(`${nginx} passes on that a stream was cut`, async t => {
    const test = testApp(t)
    const arrived = deferred()
    test.app.get('/', async function * () {
      yield { data: 1 }
      await arrived.promise
      throw new Error('the source has failed')
    })
    const response = await getThroughNginx(t, test, directives)
    if (response === undefined) return
    const { body, ended } = read(response)
    await body.until(items => items.join('').includes('data: 1\n\n'))
    arrived.resolve()
    await t.rejects(ended, TypeError, 'so it does not look complete')
  })
}

t.test('nginx holds events back where somebody has set another X-Accel-Buffering', async t => {
  const test = testApp(t)
  const release = deferred()
  test.app.get('/', async function * (_request, reply) {
    reply.header('x-accel-buffering', 'yes')
    yield { data: 1 }
    await release.promise
  })
  test.app.get('/other', async () => 'other')
  const origin = await startBehind(t, test, '')
  if (origin === undefined) return
  const body = new Inbox<string>()
  const ended = fetch(`${origin}/`).then(async response => { await read(response, body).ended })
  await test.logged(({ msg }) => msg === 'incoming request')
  // nginx is one process with one event loop here: it would have passed the event on before it has served all of these.
  for (let n = 0; n < 50; n++) await (await fetch(`${origin}/other`)).text()
  t.strictSame(body.items, [])
  release.resolve()
  await ended
  t.equal(body.items.join(''), 'retry: 2000\ndata: 1\n\n')
})

t.test('nginx does not give up a quiet stream, thanks to its heartbeats', async t => {
  const test = testApp(t, { heartbeatMs: 100 })
  const release = deferred()
  test.app.get('/', async function * () {
    yield { data: 1 }
    await release.promise
    yield { data: 2 }
  })
  const response = await getThroughNginx(t, test, 'proxy_read_timeout 2s;')
  if (response === undefined) return
  const startedAtMs = performance.now()
  const { body, ended } = read(response)
  await body.until(() => performance.now() - startedAtMs > 3_000)
  release.resolve()
  await ended
  t.match(body.items.join(''), /^retry: 2000\ndata: 1\n\n(:\n)+data: 2\n\n$/)
})

/** Starts an app whose routes are there, and nginx in front of it. Undefined where nginx is not installed. */
async function startBehind (t: Test, { listen }: TestApp, directives: string): Promise<string | undefined> {
  const { url } = await listen()
  return await startNginx(t, `location / { proxy_pass ${url}; ${directives} }`)
}

async function getThroughNginx (t: Test, test: TestApp, directives: string, signal: AbortSignal | null = null): Promise<Response | undefined> {
  const origin = await startBehind(t, test, directives)
  return origin === undefined ? undefined : await fetch(`${origin}/`, { signal })
}

/** Reads a response: what has come so far, and a promise that rejects where it is broken off. */
function read (response: Response, body = new Inbox<string>()): { body: Inbox<string>, ended: Promise<void> } {
  const readAll = async (): Promise<void> => {
    const decoder = new TextDecoder()
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) body.push(decoder.decode(chunk, { stream: true }))
  }
  const ended = readAll()
  ended.catch(() => {}) // also where nobody waits for it yet
  return { body, ended }
}

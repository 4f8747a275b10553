import cookie from '@fastify/cookie'
import cors, { type FastifyCorsOptions } from '@fastify/cors'
import helmet from '@fastify/helmet'
import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import sse, { eventStream } from '../../lib/index.js'
import { openPage, servePage } from '../clients/page.js'
import { bareApp, loadedApp } from '../helpers/app.js'
import { launchChromium } from '../helpers/chromium.js'

// What a page of another origin can do with the streams of a user who is signed in, in Chromium.

const secrets = eventStream({ secret: Type.String() })

t.setTimeout(120_000)
const browser = await launchChromium(t)

interface Guards { corsOptions?: FastifyCorsOptions, hasHelmet?: boolean }

/** A server with a stream for who has a cookie, and a page of another origin that the user with this cookie looks at. */
async function stage (t: Test, { corsOptions, hasHelmet = false }: Guards = {}) {
  if (browser === undefined) throw new Error('there is no browser')
  const attacker = await loadedApp(t)
  servePage(attacker.app)
  const { url: evil } = await attacker.listen()

  const { app, listen, closed } = bareApp(t, { forceCloseConnections: true })
  app.register(cookie)
  if (corsOptions !== undefined) app.register(cors, { ...corsOptions, ...corsOptions.origin === 'evil' ? { origin: evil } : {} })
  if (hasHelmet) app.register(helmet)
  app.register(sse)
  const cookies: unknown[] = []
  app.after(() => {
    servePage(app)
    app.get('/stream', { schema: { response: { 200: secrets } } }, async function * (request, reply) {
      cookies.push(request.cookies['session'])
      yield secrets.event.secret('for Ann')
      await new Promise(resolve => { reply.sse.signal.addEventListener('abort', resolve, { once: true }) })
    })
  })
  const { url } = await listen()
  const page = await openPage(t, browser, evil)
  await page.context().addCookies([{ name: 'session', value: 'of Ann', url, sameSite: 'Lax' }])
  return { page, stream: `${url}/stream`, cookies, closed }
}

/** What an EventSource with the user's cookies comes to. */
const byEventSource = async (url: string): Promise<string> => await new Promise<string>(resolve => {
  const source = new EventSource(url, { withCredentials: true })
  const end = (said: string): void => {
    source.close()
    resolve(said)
  }
  source.addEventListener('secret', event => { end(`read ${(event as unknown as { data: string }).data}`) })
  source.addEventListener('error', () => { end(`nothing, ${['connecting', 'open', 'closed'][source.readyState]}`) })
})

/** What fetch comes to. */
const byFetch = async ({ url, mode }: { url: string, mode: string }): Promise<string> => {
  try {
    const response = await fetch(url, { mode: mode as 'cors', credentials: 'include' })
    if (response.body === null) return 'a response without a body'
    const { value } = await response.body.getReader().read()
    return `read ${new TextDecoder().decode(value)}`
  } catch (error) {
    return (error as Error).name
  }
}

if (browser !== undefined) {
  t.test('without CORS a page of another origin can open a stream with the cookies of its user, but not read it', async t => {
    const { page, stream, cookies, closed } = await stage(t)
    t.equal(await page.evaluate(byEventSource, stream), 'nothing, closed')
    t.equal(await page.evaluate(byFetch, { url: stream, mode: 'cors' }), 'TypeError')
    t.strictSame(cookies, ['of Ann', 'of Ann'], 'the handler runs, so it should change nothing')
    for (const n of [0, 1]) t.match(await closed(n), { reason: 'client' }, 'and is stopped')
  })

  t.test('without Cross-Origin-Resource-Policy it may hold it unread, with that of @fastify/helmet not even that', async t => {
    const open = await stage(t)
    t.equal(await open.page.evaluate(byFetch, { url: open.stream, mode: 'no-cors' }), 'a response without a body')
    const guarded = await stage(t, { hasHelmet: true })
    t.equal(await guarded.page.evaluate(byFetch, { url: guarded.stream, mode: 'no-cors' }), 'TypeError')
  })

  t.test('an origin that CORS names reads it, with the cookies of its user if it may', async t => {
    const { page, stream, cookies } = await stage(t, { corsOptions: { origin: 'evil', credentials: true }, hasHelmet: true })
    t.equal(await page.evaluate(byEventSource, stream), 'read "for Ann"')
    t.strictSame(cookies, ['of Ann'])
    const without = await stage(t, { corsOptions: { origin: 'evil' } })
    t.equal(await without.page.evaluate(byEventSource, without.stream), 'nothing, closed')
  })

  t.test('CORS for all origins is for none that sends cookies', async t => {
    const { page, stream } = await stage(t, { corsOptions: { origin: '*', credentials: true } })
    t.equal(await page.evaluate(byEventSource, stream), 'nothing, closed')
  })
}

t.test('this package sends no header of CORS by itself', async t => {
  const { app } = await loadedApp(t)
  app.get('/', { schema: { response: { 200: secrets } } }, async function * () { yield secrets.event.secret('x') })
  for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }]) {
    const response = await app.inject({ url: '/', headers })
    t.strictSame(Object.keys(response.headers).filter(name => name.startsWith('access-control') || name.startsWith('cross-origin')), [])
  }
})

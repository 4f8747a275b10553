import type { Browser, Page } from 'playwright-core'
import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import sse, { eventStream } from '../../lib/index.js'
import { inspector } from '../../lib/inspector/inspector.js'
import { opened } from '../channels/clients.js'
import { bareApp } from '../helpers/app.js'
import { launchChromium } from '../helpers/chromium.js'
import { freePort } from '../helpers/server-process.js'
import { everybody, PREFIX } from './setting.js'

t.setTimeout(180_000)

/** What would run, or load something, if it were taken for markup. */
const MARKUP = '<img src=x onerror="document.title=\'run\'"><script>document.title="run"</script>\'"&amp;'

const news = eventStream({ item: Type.Object({ text: Type.String() }), [`<b>${'odd'}`]: Type.Null() })

/** A server with a stream and a channel whose names are markup, on a port of its own. */
async function serve (t: Test, port = 0, options: { authorize?: typeof everybody } = { authorize: everybody }) {
  const served = bareApp(t)
  const { app } = served
  await app.register(sse, { retryMs: 100, closeSpreadMs: 0 })
  await app.register(inspector, { prefix: PREFIX, ...options })
  const channel = app.sse.channel(MARKUP, news)
  app.get('/news/:place/<i>', { schema: { response: { 200: news } } }, request => channel.subscribe(request, { topics: [MARKUP] }))
  await app.listen({ port, host: '127.0.0.1' })
  const { port: bound } = app.server.address() as { port: number }
  return { ...served, channel, port: bound, url: `http://127.0.0.1:${bound}` }
}

interface Shown { page: Page, problems: string[] }

async function show (t: Test, browser: Browser, url: string, look: { width?: number, colorScheme?: 'light' | 'dark' } = {}): Promise<Shown> {
  const { width = 1280, colorScheme = 'light' } = look
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme })
  t.teardown(async () => { await context.close() })
  context.setDefaultTimeout(30_000)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', message => { if (message.type() === 'error') problems.push(message.text()) })
  page.on('pageerror', error => { problems.push(error.message) })
  await page.addInitScript("document.addEventListener('securitypolicyviolation', event => { console.error('blocked: ' + event.blockedURI) })")
  await page.goto(`${url}${PREFIX}/`)
  await page.locator('#status[data-status="live"]').waitFor()
  return { page, problems }
}

const rows = (page: Page, table: string) => page.locator(`#${table} tbody tr`)
const client = async (t: Test, url: string) => await opened(t, `${url}/news/here/%3Ci%3E?token=secret`, { 'user-agent': MARKUP })

t.test('the inspector in Chromium', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return

  t.test('shows streams, channels, topics and events, and takes nothing of them for markup', async t => {
    const { channel, url } = await serve(t)
    await client(t, url)
    const { page, problems } = await show(t, browser, url)
    const stream = rows(page, 'streams').first()
    await stream.locator('td', { hasText: 'GET /news/:place/<i>' }).waitFor()
    t.equal(await stream.locator('td.text .text').first().textContent(), '127.0.0.1')
    t.equal(await stream.locator('td.text .detail').first().textContent(), MARKUP)
    t.equal(await page.locator('#streams-count').textContent(), '1')
    const [line] = await rows(page, 'channels').all()
    t.equal(await line?.locator('td.name .text').textContent(), MARKUP)

    await line?.getByRole('button').click()
    await page.locator('#schemas summary').first().waitFor()
    t.equal(await page.locator('#channel-name').textContent(), MARKUP)
    await page.locator('#topics', { hasText: `1 topic has subscribers here: ${MARKUP} (1)` }).waitFor()
    t.strictSame(await page.locator('#schemas summary code').allTextContents(), ['item', '<b>odd'])
    while (channel.subscriberCount() < 2) await new Promise(setImmediate)
    await channel.publish({ event: 'item', data: { text: MARKUP } }, { topic: MARKUP })
    await page.locator('#tail li').first().waitFor()
    t.equal(await page.locator('#tail li code').textContent(), JSON.stringify({ text: MARKUP }))
    await page.locator('#plots .line[d*="M"]').first().waitFor({ state: 'attached' })

    t.equal(await page.title(), 'Event streams', 'nothing of it has run')
    t.equal(await page.locator('main img, main script, main i, main b').count(), 0)
    t.strictSame(problems, [])
  })

  t.test('publishes an event, and shows what is wrong with one', async t => {
    const { channel, url } = await serve(t)
    const { page } = await show(t, browser, url)
    await rows(page, 'channels').first().getByRole('button').click()
    await page.locator('#publish-event option').first().waitFor({ state: 'attached' })
    while (channel.subscriberCount() < 1) await new Promise(setImmediate)
    t.strictSame(JSON.parse(await page.locator('#publish-data').inputValue()), { text: '' })
    const outcome = page.locator('#publish-outcome')

    await page.fill('#publish-data', '{"text": 7}')
    await page.getByRole('button', { name: 'Publish' }).click()
    await outcome.filter({ hasText: /^FST_ERR_SSE_INVALID_EVENT: .*string/ }).waitFor()
    await page.fill('#publish-data', '{"text":')
    await page.getByRole('button', { name: 'Publish' }).click()
    await outcome.filter({ hasText: /^This is no JSON: / }).waitFor()
    await page.fill('#publish-data', '{"text":"hello"}')
    await page.getByRole('button', { name: 'Publish' }).click()
    await outcome.filter({ hasText: /^Published: / }).waitFor()
    t.equal(await outcome.textContent(), `Published: ${await channel.position()}`)
    await page.locator('#tail li code', { hasText: '{"text":"hello"}' }).waitFor()

    await page.getByRole('button', { name: 'Pause' }).click()
    await channel.publish({ event: 'item', data: { text: 'unseen' } })
    await page.getByRole('button', { name: 'Close' }).click()
    await page.locator('#channel').waitFor({ state: 'hidden' })
    while (channel.subscriberCount() > 0) await new Promise(setImmediate)
  })

  t.test('ends a stream when it was asked twice, and not otherwise', async t => {
    const { app, url } = await serve(t)
    const reader = await client(t, url)
    const { page, problems } = await show(t, browser, url)
    const end = page.getByRole('button', { name: 'End GET /news/:place/<i> of 127.0.0.1' })
    await end.click()
    await page.getByRole('button', { name: 'Keep it' }).click()
    await page.locator('#ask').waitFor({ state: 'hidden' })
    t.equal(app.sse.streams().length, 2)
    await end.click()
    await page.getByRole('button', { name: 'End the stream' }).click()
    t.equal(await reader.ended, 'whole')
    await page.locator('#notice', { hasText: 'GET /news/:place/<i> of 127.0.0.1 was ended.' }).waitFor()
    await page.mouse.move(0, 0)
    await page.locator('#streams .empty', { hasText: 'No stream is open.' }).waitFor()
    t.strictSame(problems, [])
  })

  t.test('comes back by itself when the server was away, and no generator stays when the page goes', async t => {
    const port = await freePort()
    const first = await serve(t, port)
    const { page } = await show(t, browser, first.url)
    await first.app.close()
    await page.locator('#status[data-status="waiting"]').waitFor()
    const second = await serve(t, port)
    await page.locator('#status[data-status="live"]').waitFor()
    t.equal(second.app.sse.streams().length, 1)
    await page.goto('about:blank')
    t.match(await second.closed(), { route: `GET ${PREFIX}/events`, reason: 'client' })
    while (second.app.sse.metrics().unfinishedSources > 0) await new Promise(setImmediate)
  })

  t.test('without authorize it says what there would be', async t => {
    const { url } = await serve(t, 0, {})
    await client(t, url)
    const { page, problems } = await show(t, browser, url)
    await rows(page, 'streams').first().waitFor()
    await page.locator('#locked', { hasText: 'These are numbers only.' }).waitFor()
    t.equal(await page.locator('main button:visible').count(), 0)
    t.notMatch(await page.locator('main').textContent(), '127.0.0.1')
    t.strictSame(problems, [])
  })

  t.test('fits a phone and a desk, by day and by night', async t => {
    const { url } = await serve(t)
    await client(t, url)
    for (const [width, colorScheme, background] of [[360, 'dark', 'rgb(14, 17, 23)'], [1280, 'light', 'rgb(245, 246, 249)']] as const) {
      const { page, problems } = await show(t, browser, url, { width, colorScheme })
      await rows(page, 'streams').first().waitFor()
      await rows(page, 'channels').first().getByRole('button').click()
      await page.locator('#schemas summary').first().waitFor()
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), width, 'nothing is cut off at the side')
      t.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), background)
      t.strictSame(problems, [])
    }
  })

  t.test('another site can make the browser do nothing with it', async t => {
    const { channel, url, port, logged } = await serve(t)
    const before = await channel.position()
    const context = await browser.newContext()
    t.teardown(async () => { await context.close() })
    const page = await context.newPage()
    // Another site for the browser, though it is the same server.
    await page.goto(`http://localhost:${port}/elsewhere`)
    const target = JSON.stringify(`${url}${PREFIX}/publish`)
    const body = JSON.stringify(JSON.stringify({ channel: MARKUP, event: 'item', data: { text: 'forged' } }))
    const fetched = (init: string): string => `fetch(${target}, { method: 'POST', credentials: 'include', body: ${body}, ${init} }).then(() => 'sent', () => 'refused')`
    t.equal(await page.evaluate(fetched("mode: 'no-cors'")), 'refused', 'it does not even see the answer')
    const refused = await logged(({ msg, err }) => msg !== 'request completed' && err?.code === 'FST_ERR_SSE_INSPECTOR_REFUSED')
    t.match(refused.err?.message, 'it comes from another site')
    t.equal(await page.evaluate(fetched("headers: { 'content-type': 'application/json' }")), 'refused', 'by the browser, which has asked first')
    t.equal(await channel.position(), before)
  })
})

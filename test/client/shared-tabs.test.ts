import { build } from 'esbuild'
import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { Channel } from '../../types/channel.js'
import { count, counts } from '../channels/streams.js'
import { servePage } from '../clients/page.js'
import { loadedApp } from '../helpers/app.js'
import { launchChromium } from '../helpers/chromium.js'
import { Inbox } from '../helpers/inbox.js'

const TABS = 4

const browser = await launchChromium(t)
const { outputFiles: [script] } = await build({
  entryPoints: ['lib/client/shared.ts'], bundle: true, format: 'esm', platform: 'browser', write: false
})

/** A page of the app, and what its stream has brought so far. */
interface Tab { page: Page, got: Inbox<number> }

interface Served {
  url: string
  channel: Channel<typeof counts.schemas>
  /** Publishes so many more numbers, and returns all so far. */
  publish: (times: number) => Promise<number[]>
  /** The most connections that there were at a time. */
  most: () => number
}

async function serve (t: Test): Promise<Served> {
  const { app, listen } = await loadedApp(t, { retryMs: 20 })
  const channel = app.sse.channel('counts', counts, { history: { maxEvents: 10_000 } })
  const published: number[] = []
  let most = 0
  channel.on('subscribe', () => { most = Math.max(most, channel.subscriberCount()) })
  servePage(app)
  app.get('/shared.js', async (_request, reply) => await reply.type('text/javascript').send(script?.text))
  app.get('/counts', { schema: { response: { 200: counts } } }, request => channel.subscribe(request))
  const { url } = await listen()
  return {
    url,
    channel,
    most: () => most,
    async publish (times) {
      for (let n = 0; n < times; n++) {
        await channel.publish(count(published.length))
        published.push(published.length)
      }
      return [...published]
    }
  }
}

async function openTab (context: BrowserContext, url: string): Promise<Tab> {
  const page = await context.newPage()
  const got = new Inbox<number>()
  await page.exposeFunction('tell', (data: number) => { got.push(data) })
  await page.goto(`${url}/page`)
  await page.evaluate(`import('/shared.js').then(({ connectShared }) => {
    globalThis.stream = connectShared('/counts', { name: 'everybody' })
    stream.on('count', tell)
    return new Promise(resolve => { stream.onState(state => { if (state === 'open') resolve() }) })
  })`)
  return { page, got }
}

const DEPARTURES: Record<string, (tab: Tab) => Promise<unknown>> = {
  'is closed': async ({ page }) => { await page.close() },
  crashes: async ({ page }) => {
    const session = await page.context().newCDPSession(page)
    const crashed = new Promise(resolve => page.once('crash', resolve))
    session.send('Page.crash').catch(() => {}) // nobody is left to answer
    await crashed
  },
  'closes its stream': async ({ page }) => { await page.evaluate('stream.close()') },
  'goes elsewhere': async ({ page }) => { await page.goto('about:blank') }
}

for (const [name, depart] of Object.entries(DEPARTURES)) {
  t.test(`tabs share one connection, and another takes over when the one that has it ${name}`, async t => {
    if (browser === undefined) return
    const { url, channel, publish, most } = await serve(t)
    const context = await browser.newContext()
    t.teardown(async () => { await context.close() })

    const tabs: Tab[] = []
    for (let n = 0; n < TABS; n++) {
      tabs.push(await openTab(context, url))
      // Who comes later begins with a connection of its own, until it has found its place.
      while (channel.subscriberCount() > 1) await new Promise(setImmediate)
    }
    t.ok(most() <= 2, 'and not one for each')

    while (tabs.length > 1) {
      await publish(50)
      const leading = tabs.shift() as Tab
      const departure = depart(leading)
      await publish(50)
      await departure
      const published = await publish(50)
      for (const { got } of tabs) {
        await got.until(items => items.length >= published.length)
        t.strictSame(got.items, published, 'nothing is lost, doubled or out of order')
      }
    }
    while (channel.subscriberCount() > 1) await new Promise(setImmediate)
    t.equal(channel.subscriberCount(), 1)
  })
}

import type { Page } from 'playwright-core'
import t from 'tap'
import { launchChromium } from '../helpers/chromium.js'
import { runRecipe } from './recipes.js'

interface Desk {
  publish: (event: unknown) => Promise<string>
  event: { item: (html: string) => unknown, end: () => unknown }
}

t.test('htmx swaps in what is published, comes back for what it has missed, and ends', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const { app, desk, url } = await runRecipe<{ desk: Desk }>(t, 'htmx')
  /** The last event IDs of all requests for the stream. */
  const asked: unknown[] = []
  app.server.on('request', request => { if (request.url === '/news') asked.push(request.headers['last-event-id']) })
  let lastId = ''
  const publish = async (...items: string[]): Promise<void> => {
    for (const html of items) lastId = await desk.publish(desk.event.item(html))
  }

  const page = await browser.newPage()
  const subscribed = page.waitForResponse(`${url}/news`)
  await page.goto(url)
  await subscribed
  await page.evaluate("document.body.addEventListener('htmx:sseClose', event => { window.left = event.detail })")

  await t.test('as HTML, also where it has lines', async t => {
    await publish('<li>We are <b>on air</b></li>', '<li>two\nlines</li>', '<li data-json=\'{"a":"b"}\'>[1]</li>')
    t.strictSame(await items(page, 3), ['We are <b>on air</b>', 'two\nlines', '[1]'])
    t.equal(await page.locator('li').nth(2).getAttribute('data-json'), '{"a":"b"}')
    t.strictSame(asked, [undefined])
  })

  await t.test('after its connection was cut, without a loss or a double', async t => {
    const before = lastId
    app.server.closeAllConnections()
    await publish('<li>4</li>', '<li>5</li>')
    t.strictSame((await items(page, 5)).slice(3), ['4', '5'])
    t.strictSame(asked, [undefined, before])
    await publish('<li>6</li>')
    t.strictSame((await items(page, 6)).slice(5), ['6'])
  })

  await t.test('and stays away after the event of sse-close', async t => {
    await desk.publish(desk.event.end())
    await page.waitForFunction('window.left?.source.readyState === EventSource.CLOSED')
    t.equal(await page.evaluate('window.left.type'), 'message')
    t.equal((await items(page, 6)).length, 6)
    t.equal(asked.length, 2)
  })
})

/** What is in the list, once it has so many items. */
async function items (page: Page, count: number): Promise<string[]> {
  await page.waitForFunction(`document.querySelectorAll('li').length === ${count}`)
  return await page.evaluate("[...document.querySelectorAll('li')].map(item => item.innerHTML)")
}

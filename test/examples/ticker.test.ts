import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium } from '../helpers/chromium.js'
import { freePort } from '../helpers/server-process.js'
import { startLive } from './live-server.js'
import { generators, live, open, text } from './page.js'

t.setTimeout(300_000)

t.test('the ticker of the live example', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const port = await freePort()
  const { url } = await startLive(t, port)

  t.test('costs nothing while nobody sees it', async t => {
    const { page, problems } = await open(t, browser, url, { viewport: { width: 1280, height: 500 } })
    await live(page)
    t.strictSame(await generators(page, 'ticker'), { running: 0, started: 0 })
    for (const started of [1, 2]) {
      await page.locator('#ticker').scrollIntoViewIfNeeded()
      await page.locator('#ticker-received', { hasText: /\d/ }).waitFor()
      await page.locator('#generators [data-route="ticker"].running').waitFor()
      await page.locator('#status').evaluate('scrollTo(0, 0)')
      await page.locator('#generators [data-route="ticker"]:not(.running)').waitFor()
      t.strictSame(await generators(page, 'ticker'), { running: 0, started })
    }
    t.strictSame(problems, [])
  })

  for (const viewport of [{ width: 1280, height: 900 }, { width: 375, height: 812 }]) {
    t.test(`spares a slow tab all but the newest of each price, ${viewport.width} pixels wide`, async t => {
      const { page, problems } = await open(t, browser, url, { viewport })
      await live(page)
      await page.locator('#ticker').scrollIntoViewIfNeeded()
      const reading = new AbortController()
      t.teardown(() => { reading.abort() })
      const truth = await follow(url, reading.signal)

      await newest(page)
      const fast = await rates(page)
      t.ok(fast.received > 0.8 * fast.published, `a fast tab gets about all: ${JSON.stringify(fast)}`)
      same(t, await prices(page), truth)

      await page.click('#ticker-slow')
      await page.locator('#ticker-outcome', { hasText: 'This tab gets the newest of each' }).waitFor()
      await page.locator('#ticker-behind', { hasText: /\d{3}/ }).waitFor()
      for (const cycle of [1, 2]) {
        await page.locator('#ticker[data-state="moving"]').waitFor()
        await newest(page)
        t.equal(await text(page, '#ticker-behind'), '0')
        same(t, await prices(page), truth, `cycle ${cycle}`)
      }
      const slow = await rates(page)
      t.ok(slow.published > 1_000, `some thousand a second: ${slow.published}`)
      t.ok(slow.received < 0.5 * slow.published, `a slow tab gets fewer: ${JSON.stringify(slow)}`)

      await page.click('#ticker-slow')
      await page.locator('#ticker[data-state="moving"]').waitFor()
      await newest(page)
      same(t, await prices(page), truth)
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), viewport.width)
      t.strictSame(problems, [])
    })
  }
})

/** What the page shows of each symbol when pointed at, and how many changes that are in all. */
interface Shown { lines: string[], changes: number }

/** The lines of a tab that has all there is, by the changes that have led to them. */
type Truth = Map<number, string[]>

/** Reads the ticker at full speed, and notes what the prices are whenever it rests. */
async function follow (url: string, signal: AbortSignal): Promise<Truth> {
  const truth: Truth = new Map()
  const { body } = await fetch(`${url}ticker`, { signal, headers: { accept: 'text/event-stream' } })
  const events = (body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  const lines = new Map<string, string>()
  const read = async (): Promise<void> => {
    for await (const { event, data } of events) {
      const { symbol, price, update, updates, isResting } = JSON.parse(data)
      if (event === 'quote') lines.set(symbol, `${symbol} ${price.toFixed(2)} · changed ${update} times`)
      else if (event === 'count' && isResting === true) truth.set(updates, [...lines].sort().map(([, line]) => line))
    }
  }
  read().catch(error => { if (!signal.aborted) throw error })
  return truth
}

async function newest (page: Page): Promise<void> {
  await page.locator('#ticker[data-state="newest"]').waitFor()
}

/** Resolves with what the page shows when it has the newest. */
async function prices (page: Page): Promise<Shown> {
  const lines = await page.evaluate(`new Promise(resolve => {
    const map = document.querySelector('#ticker-map')
    const detail = document.querySelector('#ticker-detail')
    const { clientWidth: width, clientHeight: height } = map
    const { left, top } = map.getBoundingClientRect()
    const look = () => {
      // From here to the end nothing can change.
      if (document.querySelector('#ticker').dataset.state !== 'newest') return setTimeout(look, 10)
      resolve(Array.from({ length: 500 }, (_, cell) => {
        const clientX = left + (cell % 25 + 0.5) * width / 25
        const clientY = top + (Math.floor(cell / 25) + 0.5) * height / 20
        map.dispatchEvent(new PointerEvent('pointermove', { clientX, clientY }))
        return detail.textContent
      }))
    }
    look()
  })`) as string[]
  const changes = lines.reduce((sum, line) => sum + Number(/(\d+) times/.exec(line)?.[1]), 0)
  return { lines, changes }
}

function same (t: Test, { lines, changes }: Shown, truth: Truth, message = ''): void {
  t.strictSame(lines, truth.get(changes), `all 500 at their newest ${message}`)
}

async function rates (page: Page): Promise<{ published: number, received: number }> {
  const rate = async (name: string): Promise<number> => Number((await text(page, `#ticker-${name}`)).replace(',', ''))
  return { published: await rate('published'), received: await rate('received') }
}

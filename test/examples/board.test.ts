import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium } from '../helpers/chromium.js'
import { layCable } from '../helpers/cable.js'
import { freePort } from '../helpers/server-process.js'
import { startLive } from './live-server.js'
import { live, newContext, open, text } from './page.js'

t.setTimeout(300_000)

t.test('the notice board of the live example', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const port = await freePort()
  const { url } = await startLive(t, port)

  t.test('shows in every tab what one of them posts, and how many read it', async t => {
    const context = await newContext(t, browser)
    const first = await open(t, browser, url, { context })
    await readers(first.page, '1 tab')
    const second = await open(t, browser, url, { context })
    for (const { page } of [first, second]) {
      await readers(page, '2 tabs')
      await page.locator('#ticker').scrollIntoViewIfNeeded()
      await page.locator('#ticker-received', { hasText: /\d/ }).waitFor()
    }
    // Each holds two of the six connections that they have together.
    await post(first.page, 'Ada', 'Is anybody there?')
    await post(second.page, '', ' <img src=x onerror="document.title = 1"> ')
    for (const { page } of [first, second]) {
      await notices(t, page, ['Ada: Is anybody there?', 'Somebody: <img src=x onerror="document.title = 1">'])
      t.equal(await page.locator('#notices img').count(), 0, 'a text stays a text')
      t.equal(await text(page, '#board-status'), 'Live')
    }

    await second.page.close()
    await readers(first.page, '1 tab')
    t.strictSame([...first.problems, ...second.problems], [])
  })

  t.test('misses nothing between what it was loaded with and its stream', async t => {
    const { page, problems } = await open(t, browser, 'about:blank')
    await page.route('**/live', async route => {
      await postFromElsewhere(url, 'in between')
      await route.continue()
    }, { times: 1 })
    await page.goto(url)
    await page.locator('#notices li', { hasText: 'in between' }).waitFor()
    const loaded = await shown(page)
    t.equal(loaded.length, 3)

    await page.reload()
    await live(page)
    await notices(t, page, loaded, 'and a reload shows the same')
    t.strictSame(problems, [])
  })

  t.test('shows after a loss of the network what was posted meanwhile, once and in order', async t => {
    const cable = await layCable(t, port)
    const context = await newContext(t, browser)
    const { page, problems } = await open(t, browser, `http://127.0.0.1:${cable.port}/`, { context })
    await live(page)
    await page.locator('#board-status', { hasText: /^Live$/ }).waitFor()
    const before = await shown(page)

    for (const round of [1, 2]) {
      // The one keeps the browser from opening connections, and leaves those open that are; the other ends these.
      await context.setOffline(true)
      cable.cut()
      await page.locator('#board-status[data-status="reconnecting"]').waitFor()
      await page.fill('#notice-text', 'Written without a network')
      await page.click('#notice-post')
      await page.locator('#notice-outcome', { hasText: 'Not posted: the server does not answer.' }).waitFor()
      t.equal(await page.inputValue('#notice-text'), 'Written without a network')
      for (const each of [1, 2, 3]) await postFromElsewhere(url, `${round}.${each}`)
      t.equal(await page.locator('#notices li').count(), before.length)

      await context.setOffline(false)
      await page.locator('#board-status', { hasText: 'Live again · caught up on 3 notices' }).waitFor()
      before.push(...[1, 2, 3].map(each => `Elsewhere: ${round}.${each}`))
      await notices(t, page, before)
    }
    t.equal(await page.locator('#notices li[data-is-caught-up]').count(), 6)
    await postFromElsewhere(url, 'live')
    await page.locator('#notices li', { hasText: 'live' }).waitFor()
    await notices(t, page, [...before, 'Elsewhere: live'])
    t.equal(await page.locator('#notices li[data-is-caught-up]').count(), 6)
    t.strictSame(problems.filter(problem => !problem.includes('net::ERR_')), [], 'only Chromium itself complains about the network')
  })

  t.test('fits a phone, whatever is written', async t => {
    const { page } = await open(t, browser, url, { viewport: { width: 375, height: 812 } })
    await post(page, 'M'.repeat(40), 'W'.repeat(280))
    await page.locator('#notices li', { hasText: 'WWW' }).waitFor()
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 375)
  })

  t.test('refuses what is blank or too long, and who posts too much', async t => {
    t.equal(await postFromElsewhere(url, ' \n'), 400)
    t.equal(await postFromElsewhere(url, 'x'.repeat(281)), 400)
    t.equal(await postFromElsewhere(url, 'x'.repeat(5000)), 413)
    const answers = await Promise.all(Array.from({ length: 30 }, async (_, at) => await postFromElsewhere(url, `flood ${at}`)))
    t.ok(answers.includes(429))

    const { page } = await open(t, browser, url)
    await live(page)
    await page.fill('#notice-text', 'Me too')
    await page.click('#notice-post')
    await page.locator('#notice-outcome', { hasText: 'Not posted: too many at a time. Try again in a few seconds.' }).waitFor()
  })
})

t.test('the notice board begins anew when its server does, and says so', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const port = await freePort()
  let server = await startLive(t, port)
  const { page, problems } = await open(t, browser, server.url)
  await live(page)

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    await post(page, 'Ada', `before ${signal}`)
    await notices(t, page, [`Ada: before ${signal}`])
    await server.stop(signal)
    await page.locator('#board-status[data-status="reconnecting"]').waitFor()
    await notices(t, page, [`Ada: before ${signal}`])

    server = await startLive(t, port)
    await page.locator('#board-status', { hasText: /^Live again · the server was restarted, and this board was in its memory: it begins anew$/ }).waitFor()
    await notices(t, page, [])
    await page.locator('#board-empty').waitFor()
  }
  await post(page, 'Ada', 'first of all')
  await notices(t, page, ['Ada: first of all'])
  t.strictSame(problems.filter(problem => !problem.includes('net::ERR_')), [])
})

async function post (page: Page, author: string, text: string): Promise<void> {
  await page.fill('#notice-author', author)
  await page.fill('#notice-text', text)
  const answered = page.waitForResponse(response => response.request().method() === 'POST')
  await page.click('#notice-post')
  await answered
}

async function postFromElsewhere (url: string, text: string): Promise<number> {
  const { status } = await fetch(`${url}board`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ author: 'Elsewhere', text })
  })
  return status
}

/** What the board shows, the oldest first. */
async function shown (page: Page): Promise<string[]> {
  return (await page.evaluate(`Array.from(document.querySelectorAll('#notices li'), item =>
    item.querySelector('b').textContent + ': ' + item.querySelector('p').textContent).reverse()`)) as string[]
}

/** Waits until the board shows as many notices as these, and compares them. */
async function notices (t: Test, page: Page, expected: string[], message = 'all of them, in order'): Promise<void> {
  if (expected.length > 0) await page.locator(`#notices li:nth-child(${expected.length})`).waitFor()
  t.strictSame(await shown(page), expected, message)
}

async function readers (page: Page, text: string): Promise<void> {
  await page.locator('#readers', { hasText: text }).waitFor()
}

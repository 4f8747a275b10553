import type { Page } from 'playwright-core'
import t from 'tap'
import { launchChromium } from '../helpers/chromium.js'
import { freePort } from '../helpers/server-process.js'
import { startLive } from './live-server.js'
import { open } from './page.js'

t.setTimeout(120_000)

/** Resolves when the page shows so many votes for tea and for coffee. */
async function shows (page: Page, tea: number, coffee: number): Promise<void> {
  await page.locator('main', { has: page.locator(`button:has-text("tea"):has(output:text-is("${tea}"))`) })
    .and(page.locator('main', { has: page.locator(`button:has-text("coffee"):has(output:text-is("${coffee}"))`) }))
    .and(page.locator('main[data-state="open"]'))
    .waitFor()
}

t.test('the poll of the React example is seen by all of its pages, and comes back with its server', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const port = await freePort()
  const { url, stop } = await startLive(t, port, {}, 'start:react')
  const [one, other] = [await open(t, browser, url), await open(t, browser, url)]
  for (const { page } of [one, other]) await shows(page, 0, 0)

  await one.page.getByRole('button', { name: 'tea' }).click()
  await one.page.getByRole('button', { name: 'coffee' }).click()
  await other.page.getByRole('button', { name: 'tea' }).click()
  for (const { page } of [one, other]) await shows(page, 2, 1)
  t.strictSame([...one.problems, ...other.problems], [])

  await stop('SIGKILL')
  for (const { page } of [one, other]) await page.locator('main[data-state="waiting"]').waitFor()
  await startLive(t, port, {}, 'start:react')
  for (const { page } of [one, other]) await shows(page, 0, 0)
  await one.page.getByRole('button', { name: 'tea' }).click()
  for (const { page } of [one, other]) await shows(page, 1, 0)
  t.strictSame([...one.problems, ...other.problems].filter(problem => !problem.includes('net::ERR_')), [])
})

import type { FastifyInstance } from 'fastify'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { requireBinary } from './services.js'

/** Everything that could go out to a network of its own accord is off. */
const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'
]

/**
 * Starts Chromium with a profile of its own, and closes it when the test ends. Undefined where there is none: the test
 * is then skipped by name.
 */
export async function launchBrowser (t: Test): Promise<Browser | undefined> {
  const executablePath = requireBinary(t, 'chromium', 'chromium-browser', 'google-chrome')
  if (executablePath === undefined) return undefined
  const browser = await chromium.launch({ executablePath, args: ARGS, timeout: 60_000 })
  t.teardown(async () => { await browser.close() })
  return browser
}

/** Where an app serves the page that {@link openPage} opens: nothing but an origin. */
export function servePage (app: FastifyInstance): void {
  app.get('/page', async (_request, reply) => await reply.type('text/html').send('<!doctype html><link rel="icon" href="data:,"><title>a page</title>'))
}

/** Opens the page of an app in a context of its own. */
export async function openPage (t: Test, browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext()
  t.teardown(async () => { await context.close() })
  const page = await context.newPage()
  await page.goto(`${url}/page`)
  return page
}

import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'

export interface Opened {
  page: Page
  /** What the page has complained about. */
  problems: string[]
  hosts: Set<string>
}

export interface OpenOptions {
  viewport?: { width: number, height: number }
  /** Where the page is one more tab. Default: a new one. */
  context?: BrowserContext
}

/** Opens a page of the server. */
export async function open (t: Test, browser: Browser, url: string, options: OpenOptions = {}): Promise<Opened> {
  const context = options.context ?? await newContext(t, browser, options.viewport)
  const page = await context.newPage()
  const problems: string[] = []
  const hosts = new Set<string>()
  page.on('request', request => { hosts.add(new URL(request.url()).host) })
  page.on('console', message => { if (message.type() === 'error') problems.push(message.text()) })
  page.on('pageerror', error => { problems.push(error.message) })
  await page.goto(url)
  return { page, problems, hosts }
}

/** A browser that knows no other page. */
export async function newContext (t: Test, browser: Browser, viewport = { width: 1280, height: 900 }): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport, colorScheme: 'light' })
  t.teardown(async () => { await context.close() })
  context.setDefaultTimeout(60_000)
  return context
}

/** Resolves when the page has its figures. */
export async function live (page: Page): Promise<void> {
  await page.locator('#status[data-status="live"]', { hasText: 'Live' }).waitFor()
  await page.locator('#generators [data-route="figures"].running').waitFor()
}

export async function text (page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).textContent() ?? '').trim()
}

/** What the page says about the generators of a route. */
export async function generators (page: Page, route: string): Promise<{ running: number, started: number }> {
  const cell = async (name: string): Promise<number> => Number(await text(page, `#generators [data-route="${route}"] [data-count="${name}"]`))
  return { running: await cell('running'), started: await cell('started') }
}

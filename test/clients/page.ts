import type { FastifyInstance } from 'fastify'
import type { Browser, Page } from 'playwright-core'
import type { Test } from 'tap'

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

import scalar from '@scalar/fastify-api-reference'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { Type } from '@sinclair/typebox'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import sse, { eventStream } from '../../lib/index.js'
import { bareApp } from '../helpers/app.js'
import { launchChromium } from '../helpers/chromium.js'

const Price = Type.Object({ symbol: Type.String({ description: 'As on the ticker' }), value: Type.Number() }, {
  description: 'A trade', examples: [{ symbol: 'ACME', value: 100.2 }]
})
const prices = eventStream({ price: Price, note: Type.String({ contentMediaType: 'text/plain' }), halt: Type.Null() }, {
  final: ['halt'], description: 'Prices as they come'
})
const NAMES = ['price', 'note', 'halt', 'stream-position', 'stream-gap']

/** Opens the page of a server that documents itself. */
async function open (t: Test, browser: Browser, openapi: string, path: string): Promise<{ page: Page, elsewhere: string[] }> {
  const { app, listen } = bareApp(t)
  await app.register(swagger, { openapi: { openapi, info: { title: 'Market', version: '1' } } })
  await app.register(swaggerUi, { routePrefix: '/ui' })
  await app.register(scalar, { routePrefix: '/scalar', configuration: { withDefaultFonts: false } })
  await app.register(sse)
  app.sse.channel('prices', prices)
  app.get('/prices', { schema: { response: { 200: prices } } }, async function * () {})
  const { url } = await listen()
  const page = await browser.newPage({ viewport: { width: 1300, height: 2000 } })
  t.teardown(async () => { await page.close() })
  const elsewhere: string[] = []
  await page.route(other => other.protocol.startsWith('http') && !other.href.startsWith(url), async route => {
    elsewhere.push(route.request().url())
    await route.abort()
  })
  await page.goto(url + path)
  return { page, elsewhere }
}

t.test('swagger-ui shows the events of a document', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  for (const [openapi, title] of [['3.0.3', '.model-title'], ['3.1.0', '.json-schema-2020-12__title'], ['3.2.0', '.json-schema-2020-12__title']] as const) {
    t.test(`of OpenAPI ${openapi}`, async t => {
      const { page, elsewhere } = await open(t, browser, openapi, '/ui/')
      await page.locator('.opblock-summary').click()
      const answer = page.locator('.responses-table .response').first()
      await answer.getByText('Prices as they come').waitFor()
      await answer.getByText('Schema', { exact: true }).click()
      if (openapi !== '3.0.3') await answer.getByText('Expand all').first().click()
      await answer.locator(title).first().waitFor()
      const titles = (await answer.locator(title).allTextContents()).map(each => each.replace(/^#\d+ /, '').toLowerCase())
      t.strictSame(titles.filter(each => NAMES.includes(each)), NAMES)
      t.strictSame(await page.locator('.response .response-col_status').allInnerTexts(), ['200', '204', '406', '503'])
      t.strictSame(elsewhere, [], 'nothing comes from anywhere else')
    })
  }
})

t.test('Scalar shows the events of a document', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  for (const openapi of ['3.0.3', '3.1.0', '3.2.0']) {
    t.test(`of OpenAPI ${openapi}`, async t => {
      const { page, elsewhere } = await open(t, browser, openapi, '/scalar/')
      await page.getByRole('button', { name: /^200/ }).first().click()
      await page.getByText('A trade').first().waitFor()
      await page.getByRole('button', { name: /One of/i }).first().click()
      t.strictSame(await page.getByRole('option').allInnerTexts(), NAMES)
      await page.getByRole('option', { name: 'halt' }).click()
      await page.getByText('This event completes the stream').waitFor()
      t.strictSame(elsewhere, [], 'nothing comes from anywhere else')
    })
  }
})

import { join } from 'node:path'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import t from 'tap'
import { launchChromium } from '../helpers/chromium.js'
import { freePort } from '../helpers/server-process.js'
import { root, startLive } from './live-server.js'
import { open, text } from './page.js'

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
  t.equal(await text(one.page, '[role="status"]'), 'Live: every vote is seen here as it comes.')
  t.strictSame([...one.problems, ...other.problems].filter(problem => !problem.includes('net::ERR_')), [])

  const refused = await open(t, browser, 'about:blank')
  await refused.page.route('**/votes', async route => { await route.fulfill({ status: 403, body: '' }) })
  await refused.page.goto(url)
  await refused.page.locator('main[data-state="closed"]').waitFor()
  t.equal(await text(refused.page, '[role="status"]'), 'The poll is not open any more. Load this page again to try.')
  t.strictSame(refused.problems.filter(problem => !problem.startsWith('Failed to load resource')), [], 'a refusal is no unhandled rejection')
})

t.test('the hook of the React example forgets the event of another URL, and begins anew', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const { page, problems } = await open(t, browser, 'about:blank')
  const script = await switchingPage()
  await page.route('http://127.0.0.1/**', async route => {
    const { pathname } = new URL(route.request().url())
    if (pathname === '/one') await route.fulfill({ contentType: 'text/event-stream', body: 'event: done\nid: stream-end\ndata: null\n\n' })
    else if (pathname === '/main.js') await route.fulfill({ contentType: 'text/javascript', body: script })
    else if (pathname !== '/two') await route.fulfill({ contentType: 'text/html', body: '<div id="root"></div><script type="module" src="/main.js"></script>' })
    // Nobody answers for /two.
  })
  await page.goto('http://127.0.0.1/')
  await page.locator('main[data-state="closed"]:text-is("done")').waitFor()
  await page.locator('main').click()
  await page.locator('main[data-state="connecting"]:text-is("nothing")').waitFor()
  t.strictSame(problems, [])
})

/** A page that shows the newest events of `/one`, and when it is clicked those of `/two`. */
async function switchingPage (): Promise<string> {
  const { outputFiles: [script] } = await build({
    stdin: {
      contents: `
        import { useState } from 'react'
        import { createRoot } from 'react-dom/client'
        import { useLatest } from './use-latest.js'

        function Page () {
          const [url, setUrl] = useState('/one')
          const [event, state] = useLatest(url)
          return <main data-state={state} onClick={() => { setUrl('/two') }}>{event?.event ?? 'nothing'}</main>
        }

        createRoot(document.getElementById('root')).render(<Page />)`,
      resolveDir: join(root, 'examples/react/page'),
      loader: 'tsx'
    },
    alias: { 'fastify-typed-sse/client': join(root, 'lib/client/connect.ts') },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    write: false
  })
  return script?.text ?? ''
}

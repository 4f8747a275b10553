import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { launchChromium } from '../helpers/chromium.js'
import { freePort } from '../helpers/server-process.js'
import { startLive, root } from './live-server.js'
import { generators, live, open, text } from './page.js'

t.setTimeout(300_000)

t.test('the live example', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const port = await freePort()
  const { url, output } = await startLive(t, port)

  t.test('plots the figures of the machine it runs on', async t => {
    const { page, problems, hosts } = await open(t, browser, url)
    await live(page)
    const machine = await text(page, '#machine')
    t.match(machine, `${cpus().length} cores`)
    t.match(machine, process.version.slice(1))
    // The last core's line is on top of the others, which it hides where all are equally busy.
    await drawn(page, '#cpu canvas', cpus().length > 6 ? '--series-1' : `--series-${cpus().length}`)
    await drawn(page, '#memory canvas', '--series-1')
    await drawn(page, '#memory canvas', '--series-2')
    await drawn(page, '#delay canvas', '--series-3')
    t.match(await text(page, '#cpu-figure'), /^\d+\u00a0%$/)
    t.match(await text(page, '#memory-figure'), /^\d+\u00a0MiB$/)
    t.match(await text(page, '#memory-machine'), /^Machine [\d.]+\u00a0GiB of [\d.]+\u00a0GiB in use$/)
    t.match(await text(page, '#delay-figure'), /^[\d.]+\u00a0ms$/)

    await makeGarbage(page)
    await drawn(page, '#collections canvas', '--series-1', '--series-2', '--series-4')
    await page.locator('#collections-figure', { hasText: /^[1-9]\d* pauses?$/ }).waitFor()

    t.strictSame(problems, [])
    t.strictSame([...hosts], [`127.0.0.1:${port}`], 'everything comes from the server')
  })

  t.test('runs the job once: the browser comes back, and is told to stay away', async t => {
    const { page, problems } = await open(t, browser, url)
    const answers: Array<Promise<[status: number, lastEventId: string | undefined]>> = []
    page.on('response', response => {
      if (new URL(response.url()).pathname !== '/job') return
      answers.push(response.request().allHeaders().then(headers => [response.status(), headers['last-event-id']]))
    })
    await live(page)
    await page.click('#job-start')
    await page.locator('#job[data-state="running"]').waitFor()
    await page.locator('#job-detail', { hasText: /^\d\d of/ }).waitFor()
    await page.locator('#generators [data-route="job"].running').waitFor()
    await page.locator('#job[data-state="closed"]').waitFor()

    t.match(await text(page, '#job-outcome'), /^Complete, and it stays so: [\d.]+\u00a0MiB became [\d.]+\u00a0MiB in [\d.]+\u00a0s\./)
    t.equal(await page.evaluate("document.querySelector('#job-progress').value"), 1)

    // A second later, ten times the time after which the browser reconnects, it has not asked again.
    await samples(page, 2)
    t.strictSame(await Promise.all(answers), [[200, undefined], [204, 'stream-end']])
    t.strictSame(await generators(page, 'job'), { running: 0, started: 1 })
    t.equal(await page.locator('#job').getAttribute('data-state'), 'closed')
    t.strictSame(problems, [])
  })

  t.test('types out a text', async t => {
    const { page, problems } = await open(t, browser, url)
    await live(page)
    await page.selectOption('#text-file', 'LICENSE')
    await page.locator('#text-pace').fill('3000')
    await page.click('#text-start')
    await page.locator('#text[data-state="done"]').waitFor()
    const license = await readFile(join(root, 'LICENSE'), 'utf8')
    t.equal(await page.locator('#text-paper').textContent(), license.trimEnd())
    t.equal(await text(page, '#text-outcome'), `Finished: ${license.trim().split(/\s+/).length} words.`)
    t.strictSame(problems, [])
  })

  t.test('stops the generator on the server when the reader says Stop', async t => {
    const { page } = await open(t, browser, url)
    await live(page)
    const { started } = await generators(page, 'text')
    await page.selectOption('#text-file', 'LICENSE')
    await page.locator('#text-pace').fill('300')
    await page.click('#text-start')
    await page.locator('#generators [data-route="text"].running').waitFor()
    await page.locator('#text-detail', { hasText: /^[3-9] of/ }).waitFor()
    t.strictSame(await generators(page, 'text'), { running: 1, started: started + 1 })
    await page.click('#text-stop')
    await page.locator('#text-outcome', { hasText: 'The generator on the server has ended.' }).waitFor()
    t.strictSame(await generators(page, 'text'), { running: 0, started: started + 1 })

    const stopped = await text(page, '#text-paper')
    await samples(page, 2)
    t.equal(await text(page, '#text-paper'), stopped)
    t.match(output(), /"route":"POST \/text","reason":"client"/)
  })

  t.test('fits a phone', async t => {
    const { page } = await open(t, browser, url, { viewport: { width: 375, height: 812 } })
    await live(page)
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 375)
    await page.selectOption('#text-file', 'LICENSE')
    await page.locator('#text-pace').fill('3000')
    await page.click('#text-start')
    await page.click('#job-start')
    await page.locator('#text[data-state="done"]').waitFor()
    await page.locator('#job[data-state="closed"]').waitFor()
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 375, 'also with all it can show')
  })

  t.test('asks for its figures again when somebody has refused them, which ends an EventSource for good', async t => {
    const { page } = await open(t, browser, 'about:blank')
    await page.route('**/live', async route => { await route.fulfill({ status: 503 }) }, { times: 1 })
    await page.goto(url)
    await page.locator('#status[data-status="offline"]', { hasText: 'No answer, trying again …' }).waitFor()
    await live(page)
  })

  t.test('does not take a text for finished that was cut', async t => {
    const { page } = await open(t, browser, url)
    await page.route('**/text', async route => {
      await route.fulfill({ contentType: 'text/event-stream', body: 'event: start\ndata: {"words":2}\n\nevent: word\ndata: {"text":"One"}\n\n' })
    })
    await page.click('#text-start')
    await page.locator('#text[data-state="failed"]').waitFor()
    t.equal(await text(page, '#text-outcome'), 'Broken off after 1 of 2 words.')
  })

  t.test('says why there is no text, also when the answer is not from its server', async t => {
    const { page } = await open(t, browser, url)
    for (const [answer, outcome] of [
      [{ status: 502, contentType: 'text/html', body: '<html><h1>502 Bad Gateway</h1></html>' }, 'Failed: the answer was 502.'],
      [{ status: 400, contentType: 'application/json', body: '{"message":"no such text"}' }, 'Failed: no such text.']
    ] as const) {
      await page.route('**/text', async route => { await route.fulfill(answer) }, { times: 1 })
      await page.click('#text-start')
      await page.locator('#text-outcome', { hasText: outcome }).waitFor()
      t.equal(await page.locator('#text').getAttribute('data-state'), 'failed')
      t.ok(await page.locator('#text-start').isEnabled(), 'and it can be asked for again')
    }
  })

  t.test('says which port is taken', async t => {
    const second = await startLive(t, port)
    t.equal(await second.stop(), 1)
    t.match(second.output(), `Port ${port} is taken. Choose another one:  PORT=${port + 1} npm start`)
  })
})

t.test('the live example comes back by itself when its server does', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined) return
  const port = await freePort()
  let server = await startLive(t, port)
  const { page } = await open(t, browser, server.url)

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    await live(page)
    const before = await text(page, '#machine')
    await page.click('#job-start')
    await page.locator('#job[data-state="running"]').waitFor()
    await page.locator('#job-detail', { hasText: /^\d\d of/ }).waitFor()

    await server.stop(signal)
    if (signal === 'SIGINT') t.match(server.output(), /"route":"GET \/live","reason":"shutdown"/, 'its streams were ended')
    await page.locator('#status[data-status="reconnecting"]', { hasText: 'Reconnecting …' }).waitFor()
    await page.locator('#job[data-state="interrupted"]').waitFor()

    server = await startLive(t, port)
    await live(page)
    t.not(await text(page, '#machine'), before, `live again after ${signal}, with another process`)
    await page.locator('#job[data-state="closed"]').waitFor()
    await page.locator('#generators [data-route="job"]:not(.running)').waitFor()
    t.strictSame(await generators(page, 'job'), { running: 0, started: 1 }, 'the job that was cut has run from its start')
  }
})

/** Resolves when the server has sent the page this many samples more; they are half a second apart. */
async function samples (page: Page, count: number): Promise<void> {
  await page.evaluate(`new Promise(resolve => {
    let missing = ${count}
    const source = new EventSource('/live')
    source.addEventListener('cpu', () => { if (--missing === 0) { source.close(); resolve() } })
  })`)
}

/** Lets the server work, without waiting for it, so that its collector has something to do. */
async function makeGarbage (page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    while (true) await (await fetch('/modules/uplot/uPlot.cjs.js', { cache: 'no-store' })).text()
  })(), undefined`)
}

/** Resolves when a canvas shows one of these colors, on more than a few pixels. */
async function drawn (page: Page, canvas: string, ...colors: string[]): Promise<void> {
  // Not waitForFunction(): the page's content security policy does not let it evaluate text.
  await page.evaluate(`new Promise(resolve => {
    const style = getComputedStyle(document.documentElement)
    const wanted = ${JSON.stringify(colors)}.map(name => style.getPropertyValue(name).match(/[0-9a-f]{2}/g).map(part => parseInt(part, 16)))
    const look = () => {
      const canvas = document.querySelector('${canvas}')
      const { data } = canvas?.getContext('2d').getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] }
      let pixels = 0
      for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] > 128 && wanted.some(color => color.every((part, index) => Math.abs(part - data[at + index]) < 24))) pixels++
      }
      if (pixels > 10) resolve()
      else setTimeout(look, 100)
    }
    look()
  })`)
}

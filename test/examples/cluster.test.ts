import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium } from '../helpers/chromium.js'
import { connect, eventsOf } from '../helpers/event-stream-client.js'
import { startRedis } from '../helpers/redis-server.js'
import { findBinary, requireBinary } from '../helpers/services.js'
import { startCluster } from './cluster-command.js'
import { freePort } from '../helpers/server-process.js'
import { open, text } from './page.js'

t.setTimeout(300_000)

t.test('the page of the cluster survives the death of the instance that serves it', async t => {
  const browser = await launchChromium(t)
  if (browser === undefined || !isInstalled(t)) return
  const cluster = await startCluster(t, await freePort(), { RESTART_MS: '3500' })
  await countsWhatIsWrong(t, browser, cluster.url)
  const { page, problems, hosts } = await open(t, browser, cluster.url)
  await live(page)
  const witness = await watch(t, cluster.url)

  for (const round of [1, 2]) {
    const name = await text(page, '#server-name')
    const pid = cluster.pid(name)
    t.match(await text(page, '#server-process'), `process ${pid}, since `)
    t.not(witness.server, name, 'the witness is served by another')
    for (const each of ['alder', 'birch', 'cedar']) {
      await page.locator(`${card(each)}[data-state="up"] [data-field="process"]`, { hasText: String(cluster.pid(each)) }).waitFor()
    }
    await page.locator(`${card(name)}.serves [data-field="subscribers"]`, { hasText: /^1$/ }).waitFor()

    await page.click('#server-kill')
    await page.locator('#connections-figure', { hasText: round === 1 ? '1 reconnect' : '2 reconnects' }).waitFor()
    await live(page)
    const heir = await text(page, '#server-name')
    t.not(heir, name)
    t.equal(await text(page, '#server-outcome'), `${name} is gone, ${heir} goes on`)
    t.match(await text(page, '#connections li:first-child .way'), `${name} ${pid} → ${heir} ${cluster.pid(heir)}`)
    t.match(await text(page, '#connections li:first-child .muted'), /^away for \d+\.\d\u00a0s, caught up on \d+ events?, none missed$/)
    t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })

    await page.locator(`${card(name)}[data-state="down"]`, { hasText: 'Silent for' }).waitFor()
    t.equal(await text(page, `${card(name)} [data-field="last"]`), `#${witness.last(name)}`, 'what it has published last has come')

    await page.locator(`${card(name)}[data-state="up"]`).waitFor()
    t.not(await text(page, `${card(name)} [data-field="process"]`), String(pid), 'it was started again')
    await goesOn(page)
    t.equal(await text(page, '#missed'), '0')
    t.equal(await text(page, '#doubled'), '0')
  }

  t.ok(await page.locator('#events tr').count() > 20)
  t.match(await text(page, '#last-id'), /^\w+\.\d+~\w+\.\d+$/)
  t.strictSame(problems.filter(problem => !problem.includes('net::ERR_INCOMPLETE_CHUNKED_ENCODING')), [])
  t.strictSame([...hosts], [new URL(cluster.url).host], 'everything comes from the cluster')

  await page.setViewportSize({ width: 375, height: 812 })
  t.equal(await page.evaluate('document.documentElement.scrollWidth'), 375, 'it fits a phone')

  await cluster.stop('SIGTERM')
  t.strictSame(cluster.running(), [], 'nothing is left behind')
  await page.locator('#status[data-status="reconnecting"]').waitFor()
})

t.test('nothing of the cluster is left behind, even where the command was killed while it started', async t => {
  if (!isInstalled(t)) return
  const cluster = await startCluster(t, await freePort(), {}, 'cedar is process')
  await cluster.stop('SIGKILL')
  t.strictSame(cluster.running(), [])
})

t.test('the cluster uses a Redis that is there, and ends when its nginx does', async t => {
  const redisServer = requireBinary(t, 'redis-server')
  if (redisServer === undefined || !isInstalled(t)) return
  const redis = await startRedis(t, redisServer)
  const port = await freePort()
  const cluster = await startCluster(t, port, { REDIS_URL: `redis://127.0.0.1:${redis.port}` })
  t.notMatch(cluster.output(), 'redis-server')

  const second = await startCluster(t, port)
  t.equal(await second.ended, 1)
  t.match(second.output(), `Port ${port} is taken. Choose another one:  PORT=${port + 1} npm run start:cluster`)

  process.kill(cluster.pid('nginx'), 'SIGKILL')
  t.equal(await cluster.ended, 1)
  t.match(cluster.output(), 'nginx has ended')
  t.strictSame(cluster.running(), [])
})

t.test('the cluster says what is not installed', async t => {
  const path = mkdtempSync(join(tmpdir(), 'fastify-typed-sse-path-'))
  t.teardown(() => { rmSync(path, { recursive: true }) })
  for (const program of ['node', 'npm', 'sh']) symlinkSync(String(findBinary(program)), join(path, program))
  const cluster = await startCluster(t, await freePort(), { PATH: path })
  t.equal(await cluster.ended, 1)
  t.match(cluster.output(), 'redis-server is not installed. On Debian and Ubuntu:  apt install redis-server')
})

/** Shows the page a stream that is not what it should be: only a page that counts that says something when it counts none. */
async function countsWhatIsWrong (t: Test, browser: Browser, url: string): Promise<void> {
  const { page } = await open(t, browser, 'about:blank')
  const at = Date.now()
  const beat = (run: number, number: number): string => `event: beat\ndata: ${JSON.stringify({ from: 'birch', run, number, at })}\n\n`
  await page.route('**/live', async route => {
    await route.fulfill({
      contentType: 'text/event-stream',
      body: `event: connected\ndata: ${JSON.stringify({ name: 'birch', pid: 1, run: at - 1, at })}\n\n` +
        // 8 and 9 are missed, 7 comes twice; of a run that begins later, 1 is missed.
        [6, 7, 7, 10].map(number => beat(at - 1, number)).join('') + [2, 3].map(number => beat(at + 1, number)).join('')
    })
  }, { times: 1 })
  await page.goto(url)
  await page.locator('#missed.wrong', { hasText: /^3$/ }).waitFor()
  await page.locator('#doubled.wrong', { hasText: /^1$/ }).waitFor()
  await page.close()
}

interface Witness {
  /** Which server tells it. */
  server: string
  /** The number of the last event that a server has published. */
  last: (name: string) => number | undefined
}

/** Follows the stream beside the page, on a connection that stays. */
async function watch (t: Test, url: string): Promise<Witness> {
  const events = eventsOf(await connect(t, `${url}live`))
  const { value: first } = await events.next()
  const last = new Map<string, number>()
  const follow = async (): Promise<void> => {
    for await (const { event, data } of events) {
      const { from, number } = JSON.parse(data)
      if (event === 'beat') last.set(from, number)
    }
  }
  follow().catch(() => {}) // the end of the cluster
  return { server: JSON.parse(String(first?.data)).name, last: name => last.get(name) }
}

function isInstalled (t: Test): boolean {
  return requireBinary(t, 'nginx') !== undefined && requireBinary(t, 'redis-server') !== undefined
}

function card (name: string): string {
  return `.instance[data-server="${name}"]`
}

async function live (page: Page): Promise<void> {
  await page.locator('#status[data-status="live"]').waitFor()
  await page.locator('#server-kill:not([disabled])').waitFor()
}

/** Resolves when some events more have come. */
async function goesOn (page: Page): Promise<void> {
  await page.evaluate(`new Promise(resolve => {
    const received = document.querySelector('#received')
    const until = Number(received.textContent) + 12
    const look = () => { if (Number(received.textContent) >= until) resolve(); else setTimeout(look, 50) }
    look()
  })`)
}

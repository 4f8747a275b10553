import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import t from 'tap'
import type { LogLine } from '../helpers/app.js'
import { Inbox } from '../helpers/inbox.js'
import { codeBlocks } from '../helpers/markdown.js'
import { Programs } from '../helpers/programs.js'
import { RawClient } from '../helpers/raw-client.js'

t.setTimeout(120_000)
const root = new URL('../../', import.meta.url)
const page = new URL('docs/deploy.md', root)
const text = readFileSync(page, 'utf8')
const programs = new Programs(t, 'docs/deploy.md')
const [program = ''] = programs.paths

t.test('its program compiles', async t => {
  t.equal(programs.paths.length, 1)
  await t.resolves(programs.compile())
})

t.test('on a SIGTERM it is not ready, then says goodbye to its streams and ends well', async t => {
  writeFileSync(program, readFileSync(program, 'utf8').replace('overMs: 10_000', 'overMs: 500').replace("'0.0.0.0'", "'127.0.0.1'"))
  // Without what tap adds to watch its tests.
  const child = spawn(process.execPath, ['--import', 'tsx', program], { env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { child.kill('SIGKILL') })
  const exited = once(child, 'exit')
  const log = new Inbox<LogLine>()
  createInterface(child.stdout).on('line', line => { log.push(JSON.parse(line) as LogLine) })
  const said = (pattern: RegExp): LogLine | undefined => log.items.find(({ msg }) => pattern.test(msg))
  await log.until(() => said(/^Server listening at/) !== undefined)
  const port = Number(/:(\d+)$/.exec(said(/^Server listening at/)?.msg ?? '')?.[1])

  const client = new RawClient(t, port).request('/clock')
  await client.until(({ body }) => body.includes('data: '))
  const before = await fetch(`http://127.0.0.1:${port}/ready`, { headers: { connection: 'close' } })
  t.equal(before.status, 200)
  child.kill('SIGTERM')
  // The first answers may come before the signal.
  let status = 200
  while (status === 200) status = (await fetch(`http://127.0.0.1:${port}/ready`, { headers: { connection: 'close' } })).status
  t.equal(status, 503)
  t.equal(client.ended, undefined, 'the stream goes on')
  await client.until(({ ended }) => ended !== undefined)
  t.ok(client.isComplete)
  const [, retryMs] = /\nretry: (\d+)\n$/.exec(client.body) ?? []
  t.ok(Number(retryMs) >= 2_000 && Number(retryMs) <= 12_000, `told to wait ${retryMs} ms`)
  t.strictSame(await exited, [0, null])
  t.match(said(/^event stream closed$/)?.stream, { reason: 'shutdown' })
})

t.test('its times fit into one another', async t => {
  const seconds = (pattern: RegExp, unitMs: number): number => {
    const [, digits] = pattern.exec(text) ?? []
    t.ok(digits, `${pattern.source} is there`)
    return Number(digits?.replaceAll('_', '')) * unitMs / 1_000
  }
  const drain = seconds(/drain\(\{ overMs: ([\d_]+)/, 1)
  const close = seconds(/closeTimeoutMs: ([\d_]+)/, 1)
  const spread = seconds(/closeSpreadMs: ([\d_]+)/, 1)
  const delay = seconds(/closeWithGrace\(\{ delay: ([\d_]+)/, 1)
  const grace = seconds(/terminationGracePeriodSeconds: (\d+)/, 1_000)
  t.ok(drain + close < delay, 'the program has the time that it takes')
  t.ok(delay < grace, 'and ends by itself')
  t.equal(seconds(/^TimeoutStopSec=(\d+)/m, 1_000), grace)
  t.ok(spread + 2 < seconds(/minReadySeconds: (\d+)/, 1_000), 'its clients are back before the next one goes')
})

t.test('behind each row is a test', async t => {
  const [, table = ''] = text.split('## What was tried')
  const rows = [...table.matchAll(/^\| .* \| `(.*)`[^`]*\|$/gm)].map(([, name = '']) => name)
  t.ok(rows.length >= 16, 'there are rows')
  const folder = new URL('test/deploy/', root)
  // Those of the suite stand there once, for all proxies and protocols.
  const sources = readdirSync(folder).filter(file => file.endsWith('.ts'))
    .map(file => readFileSync(new URL(file, folder), 'utf8').replace(/\$\{(?:kind\.name|protocol)\}/g, '*'))
  for (const name of rows) {
    const pattern = name.replace(/nginx|HAProxy|Caddy/, '*').replace(/HTTP\/[\d.]+$/, '*')
    t.ok(sources.some(source => source.includes(`test('${name}'`) || source.includes(`test(\`${pattern}\``)), name)
  }
})

t.test('each of its configurations stands there once', async t => {
  for (const language of ['nginx', 'haproxy', 'caddyfile', 'yaml', 'ini']) t.equal(codeBlocks(page, language).length, 1, language)
})

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { ClientState, EventStreamErrorCode } from '../../types/client.js'
import { checkOptions } from '../../lib/client/check-options.js'
import { Programs } from '../helpers/programs.js'

t.setTimeout(180_000)
const root = new URL('../../', import.meta.url)
const text = readFileSync(new URL('docs/client.md', root), 'utf8')
const programs = new Programs(t, 'docs/client.md')
const [server = '', ...clients] = programs.paths
// As its clients call it.
writeFileSync(`${dirname(server)}/server.ts`, "export * from './program-0.js'\n")

/** What the rows of a table are about. */
function firstCells (heading: string): string[] {
  const [, table = ''] = text.split(`| ${heading} |`)
  const [rows = ''] = table.split('\n\n')
  return [...rows.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name)
}

t.test('its programs compile', async t => {
  t.equal(clients.length, 5)
  await t.resolves(programs.compile())
})

t.test('its clients get of its server what they should', async t => {
  const { app } = await import(pathToFileURL(server).href) as { app: FastifyInstance }
  t.teardown(async () => { await app.close() })
  const { port } = app.server.address() as { port: number }
  const printed: unknown[][] = []
  t.intercept(console, 'log', { value: (...line: unknown[]) => { printed.push(line) } })
  for (const client of clients) {
    writeFileSync(client, readFileSync(client, 'utf8').replace('127.0.0.1:3000', `127.0.0.1:${port}`))
    await import(pathToFileURL(client).href)
  }
  t.strictSame(printed, [
    ['ACME', 100], ['ACME', 99], ['ACME', 94], ['market closed'],
    ['open'], ['ACME', 100], ['ACME', 99], ['ACME', 94], ['market closed', 'stream-end'], ['closed'], ['complete'],
    ['You said: Hello'],
    [100], [99], [94], ['complete'],
    ["TypeError: event 'price': /value 100 is greater than or equal to 100."]
  ])
})

t.test('behind each promise is a test', async t => {
  const [, table = ''] = text.split('## What it promises')
  const rows = [...table.matchAll(/^\| .* \| `(.*)` \|$/gm)].map(([, name = '']) => name)
  t.ok(rows.length >= 14, 'there are promises')
  const sources = ['test/client/', 'test/proof/'].flatMap(folder => readdirSync(new URL(folder, root))
    .filter(file => file.endsWith('.test.ts'))
    .map(file => readFileSync(new URL(folder + file, root), 'utf8')))
  for (const name of rows) {
    const pattern = name.replace(/^2100 /, '$' + '{CUTS} ').replace(/^8 /, '$' + '{RESTARTS} ')
    t.ok(sources.some(source => source.includes(`test('${name}'`) || source.includes(`test(\`${pattern}\``)), name)
  }
})

t.test('the options are there, with their defaults', async t => {
  const declared = /export interface ConnectOptions.*?\{\n(.*?)\n\}/s.exec(readFileSync(new URL('types/client.ts', root), 'utf8'))?.[1] ?? ''
  const names = [...declared.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name = '']) => name)
  t.strictSame(firstCells('option | default |'), names)
  const [, options = ''] = text.split('## Options')
  const defaults = checkOptions('http://127.0.0.1', {}) as unknown as Record<string, unknown>
  for (const name of names) {
    const [, documented = ''] = new RegExp(`^\\| \`${name}\` \\| (.*?) \\|`, 'm').exec(options) ?? []
    const expected = defaults[name]
    if (expected === undefined) t.ok(['none', '`globalThis.fetch`', "`'same-origin'`"].includes(documented), name)
    else t.match(documented, typeof expected === 'object' ? '`[]`' : typeof expected === 'string' ? `\`'${expected}'\`` : `\`${String(expected)}\``, name)
  }
})

t.test('the states and the errors are there', async t => {
  const states: Record<ClientState, true> = { connecting: true, open: true, waiting: true, closed: true }
  t.strictSame(firstCells('state |'), Object.keys(states))
  const codes: Record<EventStreamErrorCode, true> = {
    FST_ERR_SSE_CLIENT_REFUSED: true,
    FST_ERR_SSE_CLIENT_CONTENT_TYPE: true,
    FST_ERR_SSE_CLIENT_CUT: true,
    FST_ERR_SSE_CLIENT_EVENT: true,
    FST_ERR_SSE_CLIENT_OPTION: true,
    FST_ERR_SSE_CLIENT_ITERATED: true
  }
  t.strictSame(firstCells('`error.code` |'), Object.keys(codes))
})

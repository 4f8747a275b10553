import { readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { errorCodes } from '../lib/index.js'
import { resolveOptions } from '../lib/options.js'
import type { Channel } from '../types/channel.js'
import type { CloseReason } from '../types/sink.js'
import { Programs } from './helpers/programs.js'
import { RawClient } from './helpers/raw-client.js'

const root = new URL('../', import.meta.url)
const readme = new URL('README.md', root)
const text = readFileSync(readme, 'utf8')

const programs = new Programs(t, 'README.md')
const { paths } = programs
const [server = '', page = '', ...others] = paths
// As the page calls it.
writeFileSync(`${dirname(server)}/server.ts`, "export * from './program-0.js'\n")

t.test('the programs of the README compile', async t => {
  t.equal(paths.length, 7)
  await t.resolves(programs.compile())
})

t.test('the first program streams what the README shows', async t => {
  const { app } = await import(pathToFileURL(server).href) as { app: FastifyInstance }
  t.teardown(async () => { await app.close() })
  const { port } = app.server.address() as { port: number }
  const client = new RawClient(t, port).request('/prices/ACME')
  await client.until(({ body }) => body.split('\n\n').length === 3)
  const shape = (output: string): string => output.trim().replace(/"value":[\d.]+/g, '"value":0')
  const [, shown = ''] = /^\$ curl -N .*?\n(.*?)^```$/ms.exec(text) ?? []
  t.equal(shape(client.body), shape(shown))
  client.socket.destroy()

  const { watch } = await import(pathToFileURL(page).href) as { watch: (url: string, show: (value: number) => void) => Promise<void> }
  const values: number[] = []
  const enough = new Error('enough')
  await t.rejects(watch(`http://127.0.0.1:${port}/prices/ACME`, value => { if (values.push(value) === 3) throw enough }), enough)
  t.ok(values.every(value => value > 90 && value < 110), 'and the page gets them')
})

t.test('the events that are declared are sent as the comments say', async t => {
  const { job, run } = await import(pathToFileURL(others[0] as string).href) as { job: never, run: () => AsyncIterable<unknown> }
  const { default: Fastify } = await import('fastify')
  const { default: sse } = await import('../lib/index.js')
  const app = Fastify()
  await app.register(sse)
  app.get('/', { schema: { response: { 200: job } } }, run as never)
  const { body } = await app.inject('/')
  t.match(body, new RegExp([
    '^retry: 2000', 'event: progress', 'id: 1', 'data: {"percent":50,"at":"\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z"}', '',
    'event: log', 'data: two', 'data: lines', '', ': for humans and proxies', 'data: \\[DONE\\]', '',
    'event: done', 'id: stream-end', 'data: null', '', '$'
  ].join('\\n')))
})

t.test('the program that pushes events sends lines, and stops listening when the client leaves', async t => {
  const { app, tail } = await import(pathToFileURL(others[1] as string).href) as { app: FastifyInstance, tail: { emit: (name: string, line: string) => void, listenerCount: (name: string) => number } }
  t.teardown(async () => { await app.close() })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const client = new RawClient(t, port).request('/logs')
  await client.until(({ body }) => body === 'retry: 2000\n')
  tail.emit('line', 'hello')
  await client.until(({ body }) => body === 'retry: 2000\nevent: line\ndata: {"text":"hello"}\n\n')
  client.socket.destroy()
  while (tail.listenerCount('line') > 0) await new Promise(setImmediate)
})

t.test('the program with a channel brings what is published to who comes back', async t => {
  const { app, rooms } = await import(pathToFileURL(others[2] as string).href) as { app: FastifyInstance, rooms: Channel }
  t.teardown(async () => { await app.close() })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const start = (await rooms.position()).replace(/\d+$/, '0')
  const client = new RawClient(t, port).request('/rooms/lobby', { headers: [`Last-Event-ID: ${start}`] })
  await client.until(({ body }) => body.endsWith('data: {"from":"Ann","text":"Hello"}\n\n'))
  await rooms.publish({ event: 'message', data: { from: 'Bob', text: 'Hi' } }, { topic: 'lobby' })
  await client.until(({ body }) => body.endsWith('data: {"from":"Bob","text":"Hi"}\n\n'))
})

t.test('the table of options has their names and defaults', async t => {
  const { ajv, ...defaults } = { ajv: undefined, ...resolveOptions({}, 10_000) }
  const rows = [...text.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].filter(([, name = '']) => name in defaults || name.endsWith('Ms'))
  const documented = Object.fromEntries(rows.map(([, name, value = '']) => [name, value.replace(/ (?=\d)|`|'/g, '')]))
  t.strictSame(documented, {
    ...Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, String(value)])),
    maxBufferedBytes: '1 MiB',
    stallTimeoutMs: '300000;30000 for reply.sse and channels',
    closeLogLevel: 'warn for slow and stalled, else info'
  })
  t.equal(defaults.maxBufferedBytes, 1024 ** 2)
  t.strictSame(Object.entries(defaults.closeLogLevel).filter(([, level]) => level !== 'info'), [['slow', 'warn'], ['stalled', 'warn']])
})

t.test('every reason for the end of a stream is named', async t => {
  const reasons: Record<CloseReason, true> = {
    complete: true, client: true, shutdown: true, 'max-age': true, expired: true, slow: true, overloaded: true, stalled: true, error: true
  }
  const [, sentence = ''] = /^`reason` is one of (.*?);/m.exec(text) ?? []
  t.strictSame([...sentence.matchAll(/`([\w-]+)`/g)].map(([, name]) => name), Object.keys(reasons))
})

t.test('what the README calls an error is one', async t => {
  for (const [code] of text.matchAll(/FST_ERR_\w+/g)) t.ok(code in errorCodes)
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { eventStream } from '../../lib/index.js'
import { received, resume } from '../channels/clients.js'
import { codeBlocks } from '../helpers/markdown.js'
import { startNats } from '../helpers/nats-server.js'
import { Programs } from '../helpers/programs.js'
import { requireBinary } from '../helpers/services.js'
import { client, redis } from './redis/fixtures.js'

const root = new URL('../../', import.meta.url)
const page = new URL('docs/scaling.md', root)
const text = readFileSync(page, 'utf8')
const programs = new Programs(t, 'docs/scaling.md')

t.test('behind each promise is a test', async t => {
  const [, table = ''] = /^## What it promises\n(.*?)^##/ms.exec(text) ?? []
  const rows = [...table.matchAll(/^\| .* \| `(.*)` \|$/gm)].map(([, name = '']) => name)
  t.ok(rows.length >= 13, 'there are promises')
  const sources = ['test/brokers', 'test/cluster'].flatMap(folder => testsIn(fileURLToPath(new URL(folder, root))))
  for (const name of rows) t.ok(sources.some(source => source.includes(`'${name}'`) || source.includes(name.replace(/ with \w+$/, ' with $' + '{name}'))), name)
})

t.test('its programs compile', async t => {
  t.equal(programs.paths.length, codeBlocks(page, 'ts').length)
  t.equal(programs.paths.length, 4)
  await t.resolves(programs.compile())
})

t.test('the program with Redis has its channels there', async t => {
  const server = await redis(t)
  if (server === undefined) return
  process.env.REDIS_URL = `redis://127.0.0.1:${server.port}`
  const { app } = await run(t, 0)
  await publishTo(app)
  t.equal((await client(t, server.port).keys('sse:*:stream:5:notes')).length, 1)
})

t.test('the program with NATS has its channels there', async t => {
  const program = requireBinary(t, 'nats-server')
  if (program === undefined) return
  const server = await startNats(t, program)
  process.env.NATS_URL = `nats://127.0.0.1:${server.port}`
  const { app } = await run(t, 1)
  await publishTo(app)
  const connection = await connect({ servers: process.env.NATS_URL })
  t.teardown(async () => { await connection.close() })
  const { streams } = await (await jetstreamManager(connection)).getAccountInfo()
  t.equal(streams, 1)
})

async function publishTo (app: FastifyInstance): Promise<void> {
  const notes = eventStream({ note: Type.String() })
  await app.sse.channel('notes', notes).publish(notes.event.note('Hello'))
}

t.test('who is sharded by user gets what is for that user', async t => {
  const { app, inboxOf } = await run(t, 2) as { app: FastifyInstance, inboxOf: (user: string) => { position: () => Promise<string>, publish: (event: unknown, options: object) => Promise<string>, event: { mail: (data: object) => unknown } } }
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  for (const user of ['ann', 'bob', 'cleo']) {
    const inbox = inboxOf(user)
    t.equal(inboxOf(user), inbox)
    const start = (await inbox.position()).replace(/\d+$/, '0')
    await inbox.publish(inbox.event.mail({ subject: `for ${user}` }), { topic: user })
    const client = await resume(t, `http://127.0.0.1:${port}/inbox/${user}`, start)
    const expected = [...user === 'ann' ? [{ subject: 'Hello' }] : [], { subject: `for ${user}` }]
    t.strictSame(await received(client, expected.length), expected)
  }
})

t.test('the program with a process for each core serves on all of them, and ends all', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const child = spawn(process.execPath, ['--import', 'tsx', programs.paths[3] as string], {
    env: { ...process.env, NODE_OPTIONS: '', REDIS_URL: `redis://127.0.0.1:${server.port}` }, stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => { child.kill('SIGKILL') })
  const pids = new Set<number>()
  for await (const line of createInterface(child.stdout)) {
    const { pid, msg } = JSON.parse(line)
    if (!msg.startsWith('Server listening at http://127.0.0.1:')) continue
    pids.add(pid)
    if (pids.size === availableParallelism()) child.kill('SIGTERM')
  }
  t.equal(pids.size, availableParallelism())
  for (const pid of pids) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  if (child.exitCode === null) await once(child, 'exit')
  t.equal(child.exitCode, 0)
})

async function run (t: Test, n: number): Promise<{ app: FastifyInstance }> {
  const program = await import(pathToFileURL(programs.paths[n] as string).href) as { app: FastifyInstance }
  t.teardown(async () => { await program.app.close() })
  await program.app.ready()
  return program
}

function testsIn (folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    if (entry.isDirectory()) return testsIn(join(folder, entry.name))
    return entry.name.endsWith('.test.ts') ? [readFileSync(join(folder, entry.name), 'utf8').replaceAll("\\'", "'")] : []
  })
}

import { readdirSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { Programs } from '../helpers/programs.js'
import { open, opened, received, resume } from './clients.js'

const root = new URL('../../', import.meta.url)
const text = readFileSync(new URL('docs/channels.md', root), 'utf8')
const programs = new Programs(t, 'docs/channels.md')

t.test('behind each promise is a test', async t => {
  const [, table = ''] = /^## What it promises\n(.*?)^##/ms.exec(text) ?? []
  const rows = [...table.matchAll(/^\| .* \| (?:`(.*)`) \|$/gm)].map(([, name = '']) => name)
  t.ok(rows.length >= 13, 'there are promises')
  const sources = ['test/channels/', 'test/proof/'].flatMap(folder => readdirSync(new URL(folder, root))
    .filter(file => file.endsWith('.test.ts'))
    .map(file => readFileSync(new URL(folder + file, root), 'utf8').replaceAll("\\'", "'")))
  for (const name of rows) {
    const pattern = name.replace(' returned ', ' $' + '{how} ')
    t.ok(sources.some(source => source.includes(`'${name}'`) || source.includes(`\`${pattern}\``)), name)
  }
})

t.test('its programs compile', async t => {
  t.equal(programs.paths.length, 4)
  await t.resolves(programs.compile())
})

async function run (t: Test, n: number): Promise<{ app: FastifyInstance, url: string }> {
  const { app } = await import(pathToFileURL(programs.paths[n] as string).href) as { app: FastifyInstance }
  t.teardown(async () => { await app.close() })
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, url: `http://127.0.0.1:${(app.server.address() as { port: number }).port}` }
}

t.test('the notice board shows a post to all, and to who comes back', async t => {
  const { url } = await run(t, 0)
  const client = await opened(t, `${url}/notices`)
  const body = JSON.stringify({ text: 'Hello' })
  const answer = await fetch(`${url}/notices`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const { id } = await answer.json() as { id: string }
  t.strictSame(await received(client, 1), [{ id: 1, text: 'Hello' }])
  t.equal(client.items.at(-1)?.id, id)
  t.strictSame(await received(await resume(t, `${url}/notices`, client.items[0]?.id ?? ''), 1), [{ id: 1, text: 'Hello' }])
})

t.test('the greeted get a greeting first, and their topics', async t => {
  const { url } = await run(t, 1)
  const client = await open(t, `${url}/greeted`)
  t.strictSame(await received(client, 1), ['welcome'])
  await client.until(({ length }) => length === 2)
  const epoch = client.items[1]?.id?.split('.')[0]
  t.strictSame(await received(await resume(t, `${url}/greeted`, `${epoch}.0`), 1), [1])
})

t.test('an id of the inbox is good for its user alone', async t => {
  const { app, url } = await run(t, 2)
  const as = (user: string, id: string) => ({ 'x-user': user, 'last-event-id': id })
  const response = await app.inject({ url: '/position', headers: { 'x-user': 'Ann' } })
  const { lastEventId } = response.json<{ lastEventId: string }>()
  const bob = await opened(t, `${url}/mail`, as('Bob', lastEventId))
  t.match(bob.items, [{ event: 'stream-gap' }])
  const ann = await opened(t, `${url}/mail`, as('Ann', 'forged'))
  t.match(ann.items, [{ event: 'stream-gap', id: lastEventId }])
})

t.test('the ticker begins with the newest of each key', async t => {
  const { url } = await run(t, 3)
  t.strictSame(await received(await open(t, `${url}/quotes`), 1), [{ symbol: 'ACME', value: 2 }])
})

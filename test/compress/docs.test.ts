import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { encoders } from '../../lib/stream/encoders.js'
import { decode } from '../helpers/event-stream-client.js'
import { Programs } from '../helpers/programs.js'

const text = readFileSync(new URL('../../docs/compression.md', import.meta.url), 'utf8')
const programs = new Programs(t, 'docs/compression.md')

t.test('its program compiles', async t => {
  t.equal(programs.paths.length, 1)
  await t.resolves(programs.compile())
})

t.test('its program compresses prices, and no session', async t => {
  const { app } = await import(pathToFileURL(programs.paths[0] as string).href) as { app: FastifyInstance }
  t.teardown(async () => { await app.close() })
  const headers = { 'accept-encoding': 'gzip' }
  const prices = await app.inject({ url: '/prices', headers })
  t.equal(prices.headers['content-encoding'], 'gzip')
  t.equal(decode(gunzipSync(prices.rawPayload).toString()).length, 10)
  const session = await app.inject({ url: '/session', headers })
  t.equal(session.headers['content-encoding'], undefined)
  t.equal(session.headers.vary, undefined)
  t.strictSame(decode(session.body).map(({ event }) => event), ['token', 'chat'])
})

t.test('it names the encodings in their order', async t => {
  t.ok(text.includes(`\`[${Object.keys(encoders).map(encoding => `'${encoding}'`).join(', ')}]\``))
})

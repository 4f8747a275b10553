import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { open } from '../channels/clients.js'
import { connect } from '../helpers/event-stream-client.js'
import { Programs } from '../helpers/programs.js'

t.setTimeout(120_000)

const programs = new Programs(t, 'docs/inspector.md')

async function run (t: Test, n: number): Promise<{ app: FastifyInstance, url: string }> {
  const { app } = await import(pathToFileURL(programs.paths[n] as string).href) as { app: FastifyInstance }
  t.teardown(async () => {
    app.server.closeAllConnections()
    await app.close()
  })
  const { address, family, port } = app.server.address() as { address: string, family: string, port: number }
  return { app, url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}` }
}

t.test('its programs compile', async t => {
  t.equal(programs.paths.length, 2)
  await t.resolves(programs.compile())
})

t.test('the inspector is shown to who knows the password', async t => {
  process.env['INSPECTOR_PASSWORD'] = 'a-password'
  t.teardown(() => { delete process.env['INSPECTOR_PASSWORD'] })
  const { app } = await run(t, 0)
  const as = (name: string, password: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` })
  for (const [headers, statusCode] of [[{}, 401], [as('ops', 'wrong'), 401], [as('ops', 'a-password'), 200]] as const) {
    t.equal((await app.inject({ url: '/_sse/', headers })).statusCode, statusCode)
  }
})

t.test('who signs out loses all streams, and nobody else does', async t => {
  const { app, url } = await run(t, 1)
  const [ann, other, bob] = [await open(t, `${url}/inbox`, { authorization: 'a-session' }), await open(t, `${url}/inbox`, { authorization: 'a-session' }), await open(t, `${url}/inbox`, { authorization: 'another' })]
  t.equal(app.sse.streams().length, 3)
  t.equal((await app.inject({ method: 'POST', url: '/sign-out', headers: { authorization: 'a-session' } })).statusCode, 204)
  t.strictSame([await ann.ended, await other.ended], ['whole', 'whole'])
  t.equal(app.sse.streams().length, 1)
  t.equal((await connect(t, `${url}/inbox`, { headers: { authorization: 'a-session' } })).statusCode, 401)
  bob.leave()
})

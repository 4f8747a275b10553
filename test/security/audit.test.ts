import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'

const HOLE = { id: 1, url: '', title: 'a hole', severity: 'high', vulnerable_versions: '*', cwe: [], cvss: { score: 9, vectorString: '' } }

/** What the audit says to the advisories of a registry. @param advisories Undefined for one that can't be asked. */
async function audit (t: Test, advisories?: Record<string, unknown>): Promise<{ code: number, stdout: string }> {
  const server = createServer((request, response) => {
    const isAsked = request.url?.includes('advisories') === true && advisories !== undefined
    request.resume().on('end', () => { response.writeHead(isAsked ? 200 : 405).end(JSON.stringify(isAsked ? advisories : {})) })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => server.close())
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  // Its cache would answer for the registry of a run before.
  const env = { ...process.env, npm_config_registry: registry, npm_config_cache: t.testdir(), npm_config_fetch_retries: '0' }
  return await promisify(execFile)(process.execPath, ['scripts/audit.js'], { env }).then(
    ({ stdout }) => ({ code: 0, stdout }), ({ code, stdout }: { code: number, stdout: string }) => ({ code, stdout })
  )
}

t.test('a known hole in a dependency fails the audit', async t => {
  const { code, stdout } = await audit(t, { 'eventsource-parser': [HOLE] })
  t.equal(code, 1)
  t.match(stdout, /^eventsource-parser .*: high\n1 vulnerable dependencies$/m)
})

t.test('none passes it', async t => {
  t.strictSame(await audit(t, {}), { code: 0, stdout: '0 vulnerable dependencies\n' })
})

t.test('a registry that can not be asked is told', async t => {
  const { code, stdout } = await audit(t)
  t.equal(code, 0)
  t.match(stdout, /^not audited, since the registry can't be asked: .*405/)
})

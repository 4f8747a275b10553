import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { requireBinary } from '../helpers/services.js'
import { NO_HOLE } from './black-hole/hole.js'
import type { Outcome } from './black-hole/program.js'
import type { Settings } from './black-hole/settings.js'

// Peers whose packets are dropped, in a network namespace of their own, which needs no rights of root.

t.setTimeout(120_000)

const program = fileURLToPath(new URL('black-hole/program.ts', import.meta.url))
const NAMESPACE = ['--user', '--map-root-user', '--net']
const HASTY: Partial<Settings> = { heartbeatMs: 500, maxAgeMs: 1_000, userTimeoutMs: 1_000, limitMs: 4_000 }

/** The outcomes by stream. Undefined where there is no such namespace to be had: the test is then skipped by name. */
async function vanish (t: Test, retries: number): Promise<Map<string, Outcome> | undefined> {
  for (const binary of ['unshare', 'ip', 'tc', 'haproxy']) {
    if (requireBinary(t, binary) === undefined) return undefined
  }
  const args = [...NAMESPACE, process.execPath, '--import', 'tsx', program, JSON.stringify({ ...HASTY, retries })]
  // Without what tap adds to watch its tests.
  const env = { ...process.env, NODE_OPTIONS: '' }
  const { stdout, problem } = await promisify(execFile)('unshare', args, { env }).then(({ stdout }) => ({ stdout, problem: undefined }), failed)
  if (problem !== undefined) {
    notTested(t, problem)
    return undefined
  }
  const outcomes = stdout.trim().split('\n').map(line => JSON.parse(line) as Outcome)
  return new Map(outcomes.map(outcome => [outcome.stream, outcome]))
}

/** @throws What is not a machine's fault. */
function failed (error: { code: unknown, stderr: string }): { stdout: string, problem: string } {
  if (error.code !== NO_HOLE && !error.stderr.startsWith('unshare:')) throw error
  return { stdout: '', problem: error.stderr.trim() }
}

/** What {@link requireBinary} does for a program. */
function notTested (t: Test, problem: string): void {
  const missing = `NOT TESTED: ${t.name}: ${problem}`
  if (process.env.SSE_REQUIRE_SERVICES === '1') t.fail(missing)
  else {
    process.stderr.write(`${missing}\n`)
    t.pass(missing, { skip: true })
  }
}

t.test('the peer of a quiet stream that vanishes is believed in for as long as the kernel tries', async t => {
  // That is 25 seconds for 6 tries, and 1.4 seconds for 2.
  const [patient, hasty] = await Promise.all([vanish(t, 6), vanish(t, 2)])
  if (patient === undefined || hasty === undefined) return
  t.match(patient.get('/quiet'), { reason: null, goneMs: null })
  t.match(hasty.get('/quiet'), { reason: 'client', goneMs: Number })

  t.test('and without heartbeats forever', async t => {
    t.match(hasty.get('/no-heartbeats'), { reason: null, goneMs: null })
  })

  t.test('maxAgeMs bounds it, though the kernel goes on to try', async t => {
    const { reason, endedMs, goneMs } = patient.get('/max-age') ?? t.fail('no outcome') as never
    t.equal(reason, 'max-age')
    t.ok(endedMs !== null && endedMs < 2_000, `after ${endedMs} ms`)
    t.equal(goneMs, null)
  })

  t.test('and so does a proxy that sets TCP_USER_TIMEOUT', async t => {
    t.match(patient.get('HAProxy /quiet'), { reason: 'client', goneMs: Number })
  })
})

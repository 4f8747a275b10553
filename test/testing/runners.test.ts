import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { compileTo } from '../helpers/compile.js'

const TESTS = 4
const ENDS_WITHIN_MS = 30_000

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')

/** By runner: its command line for a file in fixtures/, and how many tests have passed by what it writes. */
const runners: Record<string, { command: (spec: string) => string[], passed: (output: string) => number }> = {
  tap: {
    command: spec => [spec],
    passed: output => output.match(/^ok /gm)?.length ?? 0
  },
  node: {
    command: spec => ['--test', '--test-reporter=tap', spec],
    passed: output => Number(/^# pass (\d+)$/m.exec(output)?.[1])
  },
  vitest: {
    command: spec => [vitest, 'run', '--root', dirname(spec), '--reporter=json', spec],
    passed: output => (JSON.parse(output) as { numPassedTests: number }).numPassedTests
  }
}

const folder = t.testdir()
compileTo(folder, ['lib', 'types', 'test/testing/fixtures'])

for (const [name, { command, passed }] of Object.entries(runners)) {
  t.test(`works in ${name}, and its process ends by itself`, async t => {
    const { code, output, errors } = await run(t, command(join(folder, `test/testing/fixtures/${name}.spec.js`)))
    t.equal(code, 0, errors)
    t.equal(passed(output), TESTS)
    t.equal(errors, '')
  })
}

async function run (t: Test, command: string[]): Promise<{ code: number | null, output: string, errors: string }> {
  // Without tap's hooks, and what tells a test that it is one of tap's.
  const inherited = Object.entries(process.env).filter(([name]) => !/^_?TAP|^NODE_/.test(name))
  const child = spawn(process.execPath, command, { env: { ...Object.fromEntries(inherited), NO_COLOR: '1', NODE_V8_COVERAGE: '' }, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => { child.kill('SIGKILL') })
  const late = setTimeout(() => { child.kill('SIGKILL') }, ENDS_WITHIN_MS)
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number | null]>])
  clearTimeout(late)
  return { code, output, errors }
}

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import * as errors from '../../lib/testing/errors.js'
import { Programs } from '../helpers/programs.js'

const text = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8')
const programs = new Programs(t, 'docs/testing.md')

t.test('the tests of its program pass', async t => {
  t.equal(programs.paths.length, 1)
  // Without what tells a process that it runs in a test runner.
  // Without coverage, which Node.js passes on unless it is said: another compiler has compiled what runs there.
  const env = { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^_?TAP|^NODE_/.test(name))), NODE_V8_COVERAGE: '' }
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--test', '--test-reporter=tap', ...programs.paths], { env })
  t.match(stdout, /^# pass 3$/m)
})

t.test('it has an entry for each error, and no other', async t => {
  t.strictSame([...text.matchAll(/^### (.*)$/gm)].map(([, code]) => code).sort(), Object.keys(errors).sort())
  for (const [name, Constructor] of Object.entries(errors)) {
    const error = new (Constructor as new (...args: string[]) => Error & { code: string })('1', '2', '3', '4')
    t.equal(error.code, name)
    t.notMatch(error.message, /%[a-z]|undefined/)
  }
})

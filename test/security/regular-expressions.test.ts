import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readSources } from '../helpers/imports.js'
import { adversaries, regularExpressionsIn } from './regular-expressions.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const found = regularExpressionsIn(readSources(root, ['lib']))

/** Those whose texts are never a client's, and why. */
const TRUSTED: Record<string, string> = {
  'lib/schema/projection.ts': 'the patternProperties of a schema: whoever writes such a pattern answers for it',
  'lib/schema/transform.ts': 'the patternProperties of a schema'
}

/** A linear expression takes some 100 µs for this many characters, a quadratic one more than a second. */
const LENGTH = 40_000
const LIMIT_MS = 300

/** The worst that texts of a length do to an expression, in milliseconds; stops at the first that is too much. */
function worstMs (regex: RegExp, length: number): number {
  let worst = 0
  for (const text of adversaries(regex, length)) {
    regex.lastIndex = 0
    const begin = performance.now()
    text.replace(regex, '')
    worst = Math.max(worst, performance.now() - begin)
    if (worst > LIMIT_MS) break
  }
  return worst
}

t.test('all regular expressions of lib/ are found', async t => {
  t.ok(found.length >= 35)
  for (const path of Object.keys(TRUSTED)) t.ok(found.some(each => each.path === path), `${path} has one`)
  t.strictSame(regularExpressionsIn(new Map([['a.ts', "const a = /x\\/y/g; RegExp('b'); new RegExp(c, 'u'); a / b / c"]])).map(({ text }) => text), [
    '/x\\/y/g', "RegExp('b')", "new RegExp(c, 'u')"
  ])
})

t.test('those that are made at run time are made of what an app has written', async t => {
  for (const { path, text } of found.filter(({ regex }) => regex === undefined)) t.ok(path in TRUSTED, `${path}: ${text}`)
})

t.test('no regular expression takes more than linear time, whatever a client sends', async t => {
  for (const { path, text, regex } of found) {
    if (regex !== undefined && !(path in TRUSTED)) t.ok(worstMs(regex, LENGTH) < LIMIT_MS, `${path}: ${text}`)
  }
})

t.test('what takes quadratic or exponential time would be seen', async t => {
  for (const regex of [/^\s*[^;]*\+json$/, /\d+x$/, /(?:a|a)+\/$/]) t.ok(worstMs(regex, regex.source.includes('|') ? 25 : LENGTH) > LIMIT_MS, regex.source)
})

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import * as errors from '../lib/errors.js'
import { readSources } from './helpers/imports.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const codes = Object.keys(errors).sort()
const made = Object.entries(errors).map(([name, Constructor]) => ({ name, error: make(Constructor) }))

/** The status codes that are not 500. */
const STATUS_CODES: Record<string, number> = {
  FST_ERR_SSE_NOT_ACCEPTABLE: 406,
  FST_ERR_SSE_DRAINING: 503,
  FST_ERR_SSE_INSPECTOR_REFUSED: 403,
  FST_ERR_SSE_KEY_STREAMS_EXCEEDED: 429,
  FST_ERR_SSE_REPLAY_OVERLOADED: 503,
  FST_ERR_SSE_STREAM_CLOSED: 499,
  FST_ERR_SSE_STREAMS_EXCEEDED: 503,
  FST_ERR_SSE_CHANNEL_CLOSED: 503,
  FST_ERR_SSE_BROKER_OVERLOADED: 503,
  FST_ERR_SSE_BROKER_UNAVAILABLE: 503,
  FST_ERR_SSE_PUBLISH_UNCERTAIN: 503
}

t.test('a code is the name of its constructor', async t => {
  for (const { name, error } of made) {
    t.equal(error.code, name)
    t.match(name, /^FST_ERR_SSE(_[A-Z]+)+$/)
  }
})

t.test('an error that is not the fault of the server says so by its status code', async t => {
  for (const { name, error } of made) t.equal(error.statusCode, STATUS_CODES[name] ?? 500, name)
})

t.test('a message leaves no placeholder', async t => {
  for (const { name, error } of made) t.notMatch(error.message, /%[a-z]|undefined/, name)
})

t.test('docs/errors.md has an entry for each code, with its status code, and no other', async t => {
  const docs = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  const entries = docs.split(/^### /m).slice(1).map(entry => {
    const [name = '', ...text] = entry.split('\n')
    return { name, text: text.join('\n').replace(/^## .*$/m, '').trim() }
  })
  t.strictSame(entries.map(entry => entry.name).sort(), codes)
  for (const { name, text } of entries) {
    const statusCode = made.find(other => other.name === name)?.error.statusCode
    t.ok(text.startsWith(`Status ${statusCode}. `), `${name} starts with its status code`)
    t.ok(text.split('\n\n').length >= 2, `${name} says when it is raised, and what to do`)
  }
})

t.test('each code is used somewhere in lib/', async t => {
  const used = new Set<string>()
  for (const [path, source] of readSources(root, ['lib'])) {
    if (path !== 'lib/errors.ts') collectNames(ts.createSourceFile(path, source, ts.ScriptTarget.Latest), used)
  }
  t.strictSame(codes.filter(code => !used.has(code)), [])
})

/** Makes an error with more arguments than any message has placeholders for. */
function make (Constructor: unknown): Error & { code: string, statusCode: number } {
  return new (Constructor as new (...args: string[]) => Error & { code: string, statusCode: number })('1', '2', '3')
}

/** Names in code, so neither in a comment nor just passed on by an import or export. */
function collectNames (node: ts.Node, names: Set<string>): void {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return
  if (ts.isIdentifier(node)) names.add(node.text)
  ts.forEachChild(node, child => collectNames(child, names))
}

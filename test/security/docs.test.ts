import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'

const root = new URL('../../', import.meta.url)
const text = readFileSync(new URL('docs/security.md', root), 'utf8')
const rows = [...text.matchAll(/^\| (?!threat \||---)(.*) \|$/gm)].filter(([row]) => !row.startsWith('|---')).map(([, cells = '']) => cells.split(' | '))

t.test('every threat has a test, which is where the page says', async t => {
  t.ok(rows.length >= 30, 'there are threats')
  for (const [threat = '', defence, tests = '', ...others] of rows) {
    t.ok(defence !== undefined && others.length === 0, `${threat} has three columns`)
    const links = [...tests.matchAll(/\[`([^`]+)`\]\(\.\.\/(test\/[\w/.-]+\.test\.ts)\)/g)]
    t.ok(links.length > 0, `a test for: ${threat}`)
    for (const [, name = '', path = ''] of links) {
      const source = readFileSync(new URL(path, root), 'utf8').replaceAll("\\'", "'")
      t.ok(source.includes(`t.test('${name}`) || source.includes(`t.test("${name}`), `${path}: ${name}`)
    }
  }
})

t.test('every test of security is on the page', async t => {
  const files = readdirSync(new URL('.', import.meta.url)).filter(file => file.endsWith('.test.ts') && file !== 'docs.test.ts')
  t.ok(files.length >= 8)
  for (const file of files) t.ok(text.includes(`(../test/security/${file})`), file)
})

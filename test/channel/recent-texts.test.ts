import t from 'tap'
import { RecentTexts } from '../../lib/channel/recent-texts.js'

function counted (limit: number) {
  const recent = new RecentTexts(limit)
  const made: string[] = []
  const get = (key: string): string => recent.get(key, () => {
    made.push(key)
    return `<${key}>`
  })
  return { recent, made, get }
}

t.test('a text is made once', async t => {
  const { made, get } = counted(2)
  t.strictSame([get('a'), get('a'), get('b'), get('a')], ['<a>', '<a>', '<b>', '<a>'])
  t.strictSame(made, ['a', 'b'])
})

t.test('the newest are remembered, and what is asked for again counts as new', async t => {
  const { recent, made, get } = counted(2)
  for (const key of ['a', 'b', 'c', 'a', 'd', 'a', 'b']) get(key)
  t.strictSame(made, ['a', 'b', 'c', 'd', 'b'])
  t.equal(get('a'), '<a>')
  t.equal(made.length, 5)
  t.ok(recent.size <= 4)
})

t.test('never more than twice its limit', async t => {
  const { recent, get } = counted(3)
  for (let i = 0; i < 100; i++) {
    get(`${i}`)
    t.ok(recent.size <= 6)
  }
})

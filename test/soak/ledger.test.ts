import t from 'tap'
import { Ledger, noTotals, type Totals } from './ledger.js'

// Whoever trusts the soak has to know that its accounts can fail.

const CASES: ReadonlyArray<readonly [name: string, got: ReadonlyArray<number | 'gap'>, found: Partial<Totals>]> = [
  ['every event once and in order, from wherever it begins', [7, 8, 9], { events: 3 }],
  ['an event that never comes', [7, 9], { lost: 1, problems: ['one: 9 of prices came right after 7'] }],
  ['several events that never come', [1, 5, 6], { lost: 3, problems: ['one: 5 of prices came right after 1'] }],
  ['an event that comes again', [7, 8, 8], { doubled: 1, problems: ['one: 8 of prices came again after 8'] }],
  ['an older event that comes again', [7, 8, 7], { doubled: 1, problems: ['one: 7 of prices came again after 8'] }],
  ['an event that comes after a later one', [7, 9, 8, 10], { disordered: 1, problems: ['one: 9 of prices came right after 7', 'one: 8 of prices came after 9'] }],
  ['an event that comes after a later one, twice', [7, 9, 8, 8], {
    disordered: 1, doubled: 1, problems: ['one: 9 of prices came right after 7', 'one: 8 of prices came after 9', 'one: 8 of prices came again after 9']
  }],
  ['what comes after it was told of a gap', [7, 'gap', 20, 21], { gaps: 1, problems: ['one: was told of a gap'] }]
]

for (const [name, got, found] of CASES) {
  t.test(`a ledger tells ${name}`, async t => {
    const totals = noTotals()
    const ledger = new Ledger(totals, 'one')
    for (const each of got) {
      if (each === 'gap') ledger.gap()
      else ledger.take('prices', each)
    }
    t.strictSame(totals, { ...noTotals(), events: got.filter(each => each !== 'gap').length, ...found })
  })
}

t.test('a ledger counts each topic by itself', async t => {
  const totals = noTotals()
  const ledger = new Ledger(totals, 'one')
  t.equal(ledger.isBlank, true)
  ledger.take('prices', 3)
  ledger.take('news', 1)
  ledger.take('prices', 4)
  t.strictSame(totals, { ...noTotals(), events: 3 })
  t.equal(ledger.isBlank, false)
  t.equal(ledger.has(['prices', 'news'], { prices: 4, news: 1 }), true)
  t.equal(ledger.has(['prices', 'news'], { prices: 4, news: 2 }), false)
  t.equal(ledger.has(['prices', 'sports'], { prices: 4, sports: 1 }), false)
  t.equal(ledger.has(['prices', 'sports'], { prices: 4 }), true, 'where nothing was published')
})

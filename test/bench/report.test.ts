import t from 'tap'

interface Round { perSecond: number }
interface Column { heading: string, cell: (rounds: Round[], roundsOf: (name: string) => Round[] | undefined) => string }

// Programs of bench/ are not typed.
const { table, ratioColumns, spreadColumn } = await import(new URL('../../bench/report.js', import.meta.url).href) as {
  table: (results: object[], columns: Column[], rate: (round: Round) => number) => string
  ratioColumns: (headings: [string, string], base: string, rate: (round: Round) => number) => Column[]
  spreadColumn: (value: (round: Round) => number) => Column
}

const rate = (round: Round): number => round.perSecond
const columns = [spreadColumn(rate), ...ratioColumns(['ratio', 'lowest to highest'], 'base', rate)]
const result = (name: string, ...rounds: number[]): object => ({ name, title: name, rounds: rounds.map(perSecond => ({ perSecond })) })
const rowsOf = (...results: object[]): string[] => table(results, columns, rate).split('\n').slice(2)

t.test('the table of several rounds says how far they are apart, and compares round by round', async t => {
  t.strictSame(rowsOf(result('base', 10, 20, 40), result('other', 20, 60, 60)), [
    '| other | ± 17 % | **2.00** | 1.50 to 3.00 |',
    '| base | ± 38 % | **1.00** | 1.00 to 1.00 |'
  ])
})

t.test('the table of one round leaves empty what only several rounds have', async t => {
  t.strictSame(rowsOf(result('base', 10), result('other', 20)), [
    '| other |  | **2.00** |  |',
    '| base |  | **1.00** |  |'
  ])
})

t.test('who has failed and who could not take part stand last, with the reason, and nobody is compared with them', async t => {
  t.strictSame(rowsOf({ ...result('base', 10), error: 'one | two' }, { ...result('c'), absence: 'no compiler' }, result('other', 20, 20)), [
    '| other | ± 0.0 % |  |  |',
    '| base | failed: one \\| two |  |  |',
    '| c | not measured: no compiler |  |  |'
  ])
})

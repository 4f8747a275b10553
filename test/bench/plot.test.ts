import { parseHTML } from 'linkedom'
import t from 'tap'

interface Row { title: string, role: string, ratio: number | undefined, lowest: number | undefined, highest: number | undefined }
interface Panel { title: string, rows: Row[] }
interface Round { perSecond: number }

// Programs of bench/ are not typed.
const load = async (path: string): Promise<unknown> => await import(new URL(`../../bench/plot/${path}`, import.meta.url).href)
const { panelsOf } = await load('panels.js') as { panelsOf: (runs: object[]) => Panel[] }
const { draw } = await load('draw.js') as { draw: (panels: Panel[], conditions: object[]) => string }

const rounds = (...each: number[]): Round[] => each.map(perSecond => ({ perSecond }))
const run = (results: object[], how: object = {}): object => ({
  workload: 'fan-out', subscribers: 1_000, isQuick: false, rate: (round: Round) => round.perSecond, results, ...how
})
const base = { name: 'node-http', title: 'node:http, `res.write`', rounds: rounds(10, 20, 40) }

t.test('the panels of a plot', async t => {
  t.test('compare round by round, and show the best first', async t => {
    const [panel] = panelsOf([run([base, { name: 'typed-sse-channel', title: '**fastify-typed-sse**, `publish`', rounds: rounds(30, 40, 40) }])])
    t.strictSame(panel, {
      title: 'One event in each turn to 1,000 subscribers: deliveries per CPU second',
      rows: [
        { title: 'this plugin, publish', role: 'own', ratio: 2, lowest: 1, highest: 3 },
        { title: 'node:http, res.write', role: 'base', ratio: 1, lowest: 1, highest: 1 }
      ]
    })
  })

  t.test('show who has failed without a number, and leave out who was absent', async t => {
    const [panel] = panelsOf([run([
      { name: 'hono', title: 'Hono', rounds: rounds(90), error: 'an event is missing' },
      { name: 'c', title: 'C', rounds: [], absence: 'there is no compiler' },
      base
    ])])
    t.strictSame(panel?.rows.map(({ title, ratio }) => [title, ratio]), [['node:http, res.write', 1], ['Hono', undefined]])
  })

  t.test('say when a run was a quick one', async t => {
    t.strictSame(panelsOf([run([base], { workload: 'one-stream', isQuick: true })]).map(({ title }) => title), [
      'One stream, events always ready: events per CPU second (a quick run)'
    ])
  })

  t.test('say when a run had fewer than three rounds, and show no range of one', async t => {
    const runOf = (...each: number[]): object => run([{ ...base, rounds: rounds(...each) }, { name: 'hono', title: 'Hono', rounds: rounds(...each) }], { workload: 'churn' })
    const title = 'Open, first event, close: connections per CPU second'
    const panels = panelsOf([runOf(10), runOf(10, 20), runOf(10, 20, 40)])
    t.strictSame(panels.map(panel => panel.title), [`${title} (one round)`, `${title} (2 rounds)`, title])
    t.strictSame(panels.map(({ rows }) => [rows[1]?.ratio, rows[1]?.lowest, rows[1]?.highest]), [[1, undefined, undefined], [1, 1, 1], [1, 1, 1]])
    t.strictSame(panelsOf([run([{ ...base, rounds: rounds(10) }], { workload: 'one-stream', isQuick: true })]).map(({ title }) => title), [
      'One stream, events always ready: events per CPU second (a quick run, one round)'
    ])
  })

  t.test('leave out what can\'t be compared with node:http', async t => {
    t.strictSame(panelsOf([run([{ name: 'net', title: 'net', rounds: rounds(1) }]), run([{ ...base, error: 'it has died' }])]), [])
  })

  t.test('are never of two runs of the same', async t => {
    t.throws(() => panelsOf([run([base]), run([base])]), {
      message: "there should be one run of each workload, instead got two of 'One event in each turn to 1,000 subscribers: deliveries per CPU second'"
    })
  })
})

t.test('a plot has a number for every row, cuts floors that are far away, and says where it was measured', async t => {
  const panels = panelsOf([run([
    base,
    { name: 'typed-sse-channel', title: '**fastify-typed-sse**', rounds: rounds(30, 40, 40) },
    { name: 'net', title: 'bare `net`', rounds: rounds(100, 200, 400) },
    { name: 'hono', title: 'Hono <2>', rounds: [], error: 'an event is missing' }
  ])])
  const { document } = parseHTML(draw(panels, [
    { machine: 'a machine', versions: ['Node.js 20'], date: '2026-01-01' },
    { machine: 'a machine', versions: ['Node.js 20', 'hono 4'], date: '2026-01-01' }
  ]))
  const texts = [...document.querySelectorAll('text')].map(each => each.textContent)
  t.strictSame(texts.slice(-2), ['a machine', '2026-01-01; Node.js 20, hono 4'])
  const rows = texts.filter(each => /^(?:bare|this plugin|node|Hono|→|\d\.\d\d$|failed)/.test(each ?? '')).slice(1) // after the legend
  t.strictSame(rows.sort(), ['1.00', '2.00', 'Hono <2>', 'bare net', 'failed', 'node:http, res.write', 'this plugin', '→ 10'])
})

t.test('a plot of one round has bars and numbers, and no range', async t => {
  const tickCount = (...each: number[]): number => {
    const panels = panelsOf([run([{ ...base, rounds: rounds(...each.map(() => 10)) }, { name: 'hono', title: 'Hono', rounds: rounds(...each) }])])
    const { document } = parseHTML(draw(panels, []))
    t.ok([...document.querySelectorAll('text')].some(({ textContent }) => textContent === '4.00'), 'and the bar ends within the plot')
    return document.querySelectorAll('[aria-label=tick] line').length
  }
  t.equal(tickCount(40), 0)
  t.equal(tickCount(40, 40), 4)
})

import t from 'tap'
import { noTotals } from '../ledger.js'
import { judge } from './judge.js'
import type { Replaced, Rolled } from './restart.js'
import { spreadOf } from './spread.js'

// A check that can't fail is none.

const evenly = Array.from({ length: 200 }, (_, i) => i * 10)
const one: Replaced = { streams: 200, seconds: 3, spread: spreadOf(evenly, 0, 2_000), exit: 'by itself' }

const GOOD: Rolled = {
  replaced: [one, one],
  crowd: {
    ...noTotals(), events: 1_000, connections: 600, refusedConnections: 0, finalAnswers: 0, absences: 0, successors: 0, pauses: 0, longPauses: 0, clients: 200, live: 200, blank: 0
  },
  late: 0,
  published: 100,
  unserved: 0,
  troubles: []
}

const { crowd } = GOOD

const BROKEN: ReadonlyArray<readonly [check: string, change: Partial<Rolled>]> = [
  ['events lost', { crowd: { ...crowd, lost: 1 } }],
  ['events doubled', { crowd: { ...crowd, doubled: 1 } }],
  ['events out of order', { crowd: { ...crowd, disordered: 1 } }],
  ['gaps', { crowd: { ...crowd, gaps: 1 } }],
  ['clients without the last events of their topics', { late: 1 }],
  ['answers after which an EventSource would not come back', { crowd: { ...crowd, finalAnswers: 1 } }],
  ['connections that the balancer had nobody for', { unserved: 1 }],
  ['unhandled rejections, uncaught exceptions and warnings of Node.js', { troubles: ['unhandled rejection'] }],
  ['instance 1 had streams', { replaced: [{ ...one, streams: 0 }, one] }],
  ['instance 2: as many clients came back', { replaced: [one, { ...one, streams: 201 }] }],
  ['instance 2: the highest rate at which they came back, as a multiple of the mean', { replaced: [one, { ...one, spread: spreadOf(evenly.map(ms => ms / 5), 0, 2_000) }] }],
  ['instance 1 ended', { replaced: [{ ...one, exit: 'still there' }, one] }],
  ['instances that were replaced', { replaced: [one] }]
]

const failed = (rolled: Rolled): string[] => judge(rolled).lines.flatMap(line => /^not ok \d+ - ([^]*)$/.exec(line)?.[1] ?? [])

t.test('a good restart is good', async t => {
  t.strictSame(failed(GOOD), [])
})

for (const [check, change] of BROKEN) {
  t.test(`one thing alone is found: ${check}`, async t => {
    const lines = failed({ ...GOOD, ...change })
    t.equal(lines.length, 1)
    t.ok(lines[0]?.startsWith(`${check}: `), String(lines[0]))
  })
}

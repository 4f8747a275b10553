import t from 'tap'
import { noTotals } from './ledger.js'
import { Memory } from './memory.js'
import type { Findings } from './soak.js'
import { judge } from './verdict.js'

// A check that can't fail is none.

const MIB = 2 ** 20

/** Half an hour of measurements, which grow by so many MiB an hour. */
function memory (heapGrowth = 0, rssGrowth = 0): Memory {
  const memory = new Memory()
  for (let minutes = 0; minutes < 30; minutes += 1 / 6) {
    const hours = minutes / 60
    memory.samples.push({
      minutes,
      heapUsed: (100 + heapGrowth * hours) * MIB,
      heapTotal: 120 * MIB,
      external: 10 * MIB,
      rss: (200 + rssGrowth * hours) * MIB,
      streams: 2_500 + 100 * Math.sin(minutes),
      subscribers: 2_500,
      queuedBytes: 0
    })
  }
  return memory
}

const account: Findings['account'] = { closed: { client: 10, slow: 2 }, gaps: 0, events: 1_000, log: { 'warn: Redis is not available': 3 }, loopDelayMs: { p50: 0, p99: 1, max: 2 } }

const GOOD: Findings = {
  options: { minutes: 30, clients: 5_000, rate: 50, seed: 1 },
  seconds: 1_800,
  crowd: {
    ...noTotals(), events: 1_000, connections: 9_000, refusedConnections: 5, finalAnswers: 0, absences: 3, successors: 2, pauses: 4, longPauses: 1, clients: 5_000, live: 5_000, blank: 0
  },
  late: 0,
  published: 100,
  repeated: 2,
  largestBurst: 20,
  faults: { 'Redis killed': 2 },
  memory: memory(),
  account,
  others: [account],
  before: { counts: { connections: 0, 'active TCPSocketWrap': 2 } },
  after: { counts: { connections: 0, 'active TCPSocketWrap': 2 } },
  exit: { code: 0, signal: null },
  problems: { faults: [], publishing: [], troubles: [] }
}

const { crowd, problems } = GOOD

const BROKEN: ReadonlyArray<readonly [check: string, change: Partial<Findings>]> = [
  ['events lost', { crowd: { ...crowd, lost: 1 } }],
  ['events doubled', { crowd: { ...crowd, doubled: 1 } }],
  ['events out of order', { crowd: { ...crowd, disordered: 1 } }],
  ['gaps, where all is kept that anybody may have missed', { crowd: { ...crowd, gaps: 1 } }],
  ['clients without the last events of their topics', { late: 1 }],
  ['clients without any event', { crowd: { ...crowd, blank: 1 } }],
  ['answers after which an EventSource would not come back', { crowd: { ...crowd, finalAnswers: 1 } }],
  ['failures to publish that no fault explains', { problems: { ...problems, publishing: ['publishing failed'] } }],
  ['unhandled rejections, uncaught exceptions and warnings of Node.js', { problems: { ...problems, troubles: ['unhandled rejection'] } }],
  ['errors in the logs of the instances', { account: { ...account, log: { 'error: it failed': 1 } } }],
  ['errors in the logs of the instances', { others: [account, { ...account, log: { 'error: it failed': 1 } }] }],
  ['instances that did not end by themselves when they were replaced', { problems: { ...problems, faults: ['it did not end'] } }],
  ['faults: Redis killed', { faults: { 'Redis killed': 0 } }],
  ['clients that came back', { crowd: { ...crowd, absences: 0 } }],
  ['clients that went for good, and others that came', { crowd: { ...crowd, successors: 0 } }],
  ['clients that did not read for a while', { crowd: { ...crowd, pauses: 0 } }],
  ['streams that were ended since nobody read them', { account: { ...account, closed: { client: 10 } } }],
  // 5 % of 110 MiB in half an hour are 11 MiB in an hour; of 200 MiB, 20.
  ['heapUsed + external is flat: the slope, for 30 minutes, is below 5 % of the level', { memory: memory(12) }],
  ['rss is flat: the slope, for 30 minutes, is below 5 % of the level', { memory: memory(0, 22) }],
  ['what is left of streams when all clients have gone', { after: { counts: { connections: 1 } } }],
  ['what is left of streams when all clients have gone', { after: { counts: { 'active Timeout': 1 } } }],
  ['the instance that was there all the time ends by itself', { exit: 'still there' }],
  ['the instance that was there all the time ends by itself', { exit: { code: 1, signal: null } }]
]

const failed = (findings: Findings): string[] => judge(findings).lines.flatMap(line => /^not ok \d+ - ([^]*)$/.exec(line)?.[1] ?? [])

t.test('a good run is good', async t => {
  t.strictSame(failed(GOOD), [])
  t.equal(judge(GOOD).isGood, true)
  t.strictSame(failed({ ...GOOD, memory: memory(10, 18) }), [], 'also where memory grows a little')
})

for (const [check, change] of BROKEN) {
  t.test(`one thing alone is found: ${check} (${Object.keys(change).join()})`, async t => {
    const lines = failed({ ...GOOD, ...change })
    t.equal(lines.length, 1)
    t.ok(lines[0]?.startsWith(`${check}: `), String(lines[0]))
  })
}

t.test('every check was seen to fail', async t => {
  const seen = new Set(BROKEN.map(([check]) => `${check}`))
  t.strictSame(judge(GOOD).lines.flatMap(line => /^ok \d+ - (.*)$/.exec(line)?.[1] ?? []).filter(check => !seen.has(check)), [])
})

t.test('a short run has a wider bound', async t => {
  const short = { ...GOOD, options: { ...GOOD.options, minutes: 3 } }
  const grown = new Memory()
  for (let i = 0; i < 18; i++) grown.samples.push({ minutes: i / 6, heapUsed: (100 + 20 * i) * MIB, heapTotal: 200 * MIB, external: 0, rss: 200 * MIB, streams: 5, subscribers: 5, queuedBytes: 0 })
  t.strictSame(failed({ ...short, memory: memory(12) }), [])
  t.match(failed({ ...short, memory: grown }), [/^heapUsed \+ external is flat: the slope, for the time that is left, is below 20 % of the level/])
})

import { arch, cpus, platform, totalmem } from 'node:os'
import { boundOf, MEASURES, type Measure, settledAfter } from './memory.js'
import type { Findings } from './soak.js'

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

/** What a run has found, in Markdown. */
export function report (findings: Findings, redisVersion: string): string {
  const { options: { minutes, clients, rate, seed } } = findings
  const bound = boundOf(minutes)
  return [
    `\`npm run soak -- --minutes ${minutes} --clients ${clients} --rate ${rate} --seed ${seed}\`, ${new Date().toISOString().slice(0, 10)}, ` +
      `Node.js ${process.version}, Redis ${redisVersion}, ${platform()} ${arch()}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'a processor without a name'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    '',
    ...table(['what', 'how many'], rowsOf(findings)),
    '',
    'Memory of the instance that was there all the time, after garbage collections, in the course of the run, and the slope ' +
      `from minute ${number.format(settledAfter(minutes))} on, at the same number of streams (flat: ${bound.words}):`,
    '',
    ...table(['from minute', 'streams', 'heapUsed, MiB', 'external, MiB', 'heapTotal, MiB', 'rss, MiB'], courseOf(findings)),
    '',
    ...table(['', 'MiB, mean', 'KB/min', '± standard error', `growth in ${number.format(bound.minutes)} minutes`], memoryRows(findings))
  ].join('\n')
}

function rowsOf ({ seconds, crowd, published, repeated, largestBurst, faults, account, others, late }: Findings): string[][] {
  const list = (counts: Readonly<Record<string, number>>): string => {
    return Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${number.format(count)}`).join(', ') || 'none'
  }
  const rows: Array<[string, number | string]> = [
    ['seconds of faults', seconds],
    ['clients at a time; all that there were', `${number.format(crowd.clients)}; ${number.format(crowd.clients + crowd.successors)}`],
    ['events published; a second; in the largest burst', [published, published / seconds, largestBurst].map(each => number.format(each)).join('; ')],
    ['tries to publish again, with the same idempotency key', repeated],
    ['events delivered; a second', [crowd.events, crowd.events / seconds].map(each => number.format(each)).join('; ')],
    ['**lost; doubled; out of order**', `**${crowd.lost}; ${crowd.doubled}; ${crowd.disordered}**`],
    ['gaps told; clients without the last events', `${crowd.gaps}; ${late}`],
    ['connections; refused since an instance was away', `${number.format(crowd.connections)}; ${number.format(crowd.refusedConnections)}`],
    ['clients that left and came back; left for good', `${number.format(crowd.absences)}; ${number.format(crowd.successors)}`],
    ['pauses of clients that do not read; long ones', `${number.format(crowd.pauses)}; ${number.format(crowd.longPauses)}`],
    ['faults', list(faults)],
    ['streams of the instance that was there all the time, by the reason of their end', list(account.closed)],
    ['lines of its log, at `warn` and above', list(account.log)],
    ['lines of the logs of the other one that was closed, at `warn` and above', list(sum(others.map(({ log }) => log)))],
    ['its event loop was late, in ms: median, p99, longest', Object.values(account.loopDelayMs).map(each => number.format(each)).join(', ')]
  ]
  return rows.map(([what, value]) => [what, typeof value === 'number' ? number.format(value) : value])
}

function memoryRows ({ memory, options: { minutes } }: Findings): string[][] {
  const ahead = boundOf(minutes).minutes
  return (Object.keys(MEASURES) as Measure[]).map(measure => {
    const trend = memory.trend(measure, minutes)
    const [level, perMinute, error] = [trend.level / 2 ** 20, trend.perMinute / 1e3, trend.error / 1e3].map(each => number.format(each)) as [string, string, string]
    return [measure, level, perMinute, error, `${number.format(100 * trend.perMinute * ahead / trend.level)} %`]
  })
}

/** What was measured, as means over sixths of the time. */
function courseOf ({ memory: { samples }, seconds }: Findings): string[][] {
  const sixth = seconds / 60 / 6
  return Array.from({ length: 6 }, (_, i) => {
    const some = samples.filter(({ minutes }) => Math.min(5, Math.floor(minutes / sixth)) === i)
    const mean = (of: (sample: typeof samples[number]) => number): string => number.format(some.reduce((sum, sample) => sum + of(sample), 0) / some.length)
    const mib = (of: 'heapUsed' | 'external' | 'heapTotal' | 'rss'): string => mean(sample => sample[of] / 2 ** 20)
    return [number.format(i * sixth), mean(({ streams }) => streams), mib('heapUsed'), mib('external'), mib('heapTotal'), mib('rss')]
  })
}

function sum (counts: ReadonlyArray<Readonly<Record<string, number>>>): Record<string, number> {
  const all: Record<string, number> = {}
  for (const [name, count] of counts.flatMap(each => Object.entries(each))) all[name] = (all[name] ?? 0) + count
  return all
}

function table (head: readonly string[], rows: readonly string[][]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}

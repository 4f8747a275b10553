import { Checks } from './checks.js'
import { leftOver } from './instance.js'
import { boundOf } from './memory.js'
import type { Findings } from './soak.js'

/** Holds what a run has found against what was promised. */
export function judge (findings: Findings): Checks {
  const { crowd, options: { minutes }, problems, before, after, account, others } = findings
  const checks = new Checks()
  const bound = boundOf(minutes)
  checks.equal('events lost', crowd.lost, 0)
  checks.equal('events doubled', crowd.doubled, 0)
  checks.equal('events out of order', crowd.disordered, 0)
  checks.equal('gaps, where all is kept that anybody may have missed', crowd.gaps, 0)
  checks.equal('clients without the last events of their topics', findings.late, 0)
  checks.equal('clients without any event', crowd.blank, 0)
  checks.equal('answers after which an EventSource would not come back', crowd.finalAnswers, 0)
  checks.none('failures to publish that no fault explains', problems.publishing)
  checks.none('unhandled rejections, uncaught exceptions and warnings of Node.js', problems.troubles)
  checks.none('errors in the logs of the instances', [account, ...others].flatMap(({ log }) => Object.keys(log).filter(line => line.startsWith('error'))))
  checks.none('instances that did not end by themselves when they were replaced', problems.faults)
  for (const [name, count] of Object.entries(findings.faults)) checks.atLeast(`faults: ${name}`, count, 1)
  checks.atLeast('clients that came back', crowd.absences, 1)
  checks.atLeast('clients that went for good, and others that came', crowd.successors, 1)
  checks.atLeast('clients that did not read for a while', crowd.pauses, 1)
  checks.atLeast('streams that were ended since nobody read them', (account.closed['slow'] ?? 0) + (account.closed['stalled'] ?? 0), 1)
  for (const measure of bound.flat) {
    const { level, perMinute } = findings.memory.trend(measure, minutes)
    checks.below(`${measure} is flat: ${bound.words}`, 100 * perMinute * bound.minutes / level, 100 * bound.growth, '%')
  }
  checks.none('what is left of streams when all clients have gone', leftOver(before, after))
  checks.equal('the instance that was there all the time ends by itself', JSON.stringify(findings.exit), '{"code":0,"signal":null}')
  return checks
}

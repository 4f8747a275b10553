import { Checks } from '../checks.js'
import type { Rolled } from './restart.js'

/**
 * The highest rate at which clients may come back, as a multiple of the mean: more than chance and a busy machine make of an
 * even one, and less than what comes of sending all away at once, which is some 10, or 5 where two tenths share it.
 */
const MAX_PEAK = 4

/** Holds a rolling restart against what was promised. */
export function judge ({ replaced, crowd, late, unserved, troubles }: Rolled): Checks {
  const checks = new Checks()
  checks.equal('events lost', crowd.lost, 0)
  checks.equal('events doubled', crowd.doubled, 0)
  checks.equal('events out of order', crowd.disordered, 0)
  checks.equal('gaps', crowd.gaps, 0)
  checks.equal('clients without the last events of their topics', late, 0)
  checks.equal('answers after which an EventSource would not come back', crowd.finalAnswers, 0)
  checks.equal('connections that the balancer had nobody for', unserved, 0)
  checks.none('unhandled rejections, uncaught exceptions and warnings of Node.js', troubles)
  for (const [i, { streams, spread, exit }] of replaced.entries()) {
    const name = `instance ${i + 1}`
    checks.atLeast(`${name} had streams`, streams, 1)
    checks.atLeast(`${name}: as many clients came back`, spread.count, streams)
    checks.below(`${name}: the highest rate at which they came back, as a multiple of the mean`, spread.peak, MAX_PEAK, '')
    checks.equal(`${name} ended`, exit, 'by itself')
  }
  checks.equal('instances that were replaced', replaced.length, 2)
  return checks
}

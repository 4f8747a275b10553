import type { Test } from 'tap'
import { closing } from './conformance/closing.js'
import { following } from './conformance/following.js'
import { Harness, type ConformanceOptions } from './conformance/harness.js'
import { idempotency } from './conformance/idempotency.js'
import { interleaving } from './conformance/interleaving.js'
import { latest } from './conformance/latest.js'
import { limits } from './conformance/limits.js'
import { reading } from './conformance/reading.js'
import { storing } from './conformance/storing.js'

/**
 * Tests that every broker has to pass, in memory or over a network: what types/broker.ts says, clause by clause.
 *
 * @example
 * t.test('conformance', async t => await conformance(t, { create, exactLimits: false }))
 */
export async function conformance (t: Test, options: ConformanceOptions): Promise<void> {
  const subject = await options.create()
  t.teardown(async () => await subject.stop())
  const harness = new Harness(subject, options)
  for (const part of [storing, reading, limits, latest, idempotency, following, interleaving, closing]) {
    await t.test(part.name, async t => await part(t, harness))
  }
}

import { setTimeout as delay } from 'node:timers/promises'
import type { Instance, Sample } from './instance.js'
import { fitTrend, type Trend } from './trend.js'

/** What is measured, and what it is of a sample. */
export const MEASURES = {
  heapUsed: ({ heapUsed }: Sample) => heapUsed,
  external: ({ external }: Sample) => external,
  'heapUsed + external': ({ heapUsed, external }: Sample) => heapUsed + external,
  heapTotal: ({ heapTotal }: Sample) => heapTotal,
  rss: ({ rss }: Sample) => rss,
  'rss - heapTotal - external': ({ heapTotal, external, rss }: Sample) => rss - heapTotal - external
} as const

export type Measure = keyof typeof MEASURES

/** In runs of a quarter of an hour and more, memory has this long to become what it is. In shorter ones, a third of them. */
const SETTLED_AFTER_MINUTES = 5

/** How long memory is imagined to go on as it did. */
const AHEAD_MINUTES = 30

/** How much it may grow meanwhile, of its level. */
const MAX_GROWTH = 0.05

/** Shorter runs can't tell what half an hour will bring: compiled code and the newest events of channels still come to be in them. */
const LONG_MINUTES = 15

/** How much memory may grow in the measured part of such a run, of its level. */
const MAX_SHORT_GROWTH = 0.2

/** The memory of an instance, as it was from time to time. */
export class Memory {
  readonly samples: Array<Sample & { readonly minutes: number }> = []

  async watch (instance: Instance, everyMs: number, signal: AbortSignal): Promise<void> {
    const beganAtMs = performance.now()
    while (!signal.aborted) {
      const sample = await instance.ask<Sample>('sample')
      this.samples.push({ ...sample, minutes: (performance.now() - beganAtMs) / 60_000 })
      await delay(everyMs)
    }
  }

  /** Since it should be flat. */
  trend (measure: Measure, minutes: number): Trend {
    const from = settledAfter(minutes)
    const settled = this.samples.filter(sample => sample.minutes >= from)
    return fitTrend(settled.map(sample => ({ minutes: sample.minutes, streams: sample.streams, value: MEASURES[measure](sample) })))
  }
}

/** How far ahead the slope of a run is followed, how much it may grow by then, what has to keep to that, and that in words. */
export function boundOf (minutes: number): { readonly minutes: number, readonly growth: number, readonly flat: readonly Measure[], readonly words: string } {
  if (minutes >= LONG_MINUTES) return { minutes: AHEAD_MINUTES, growth: MAX_GROWTH, flat: ['heapUsed + external', 'rss'], words: `the slope, for ${AHEAD_MINUTES} minutes, is below ${MAX_GROWTH * 100} % of the level` }
  return {
    minutes: minutes - settledAfter(minutes),
    growth: MAX_SHORT_GROWTH,
    flat: ['heapUsed + external'], // pages that were needed once are given back late
    words: `the slope, for the time that is left, is below ${MAX_SHORT_GROWTH * 100} % of the level (a short run: half an hour has ${MAX_GROWTH * 100} %)`
  }
}

/** The minute from which on memory should be flat. */
export function settledAfter (minutes: number): number {
  return Math.min(SETTLED_AFTER_MINUTES, minutes / 3)
}

import { cpus, type CpuInfo, freemem, totalmem } from 'node:os'
import { constants, type IntervalHistogram, monitorEventLoopDelay, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

/** A pause that the garbage collector made. */
interface Collection { at: number, kind: 'minor' | 'major' | 'other', durationMs: number }

/** What was measured since the sample before. */
export interface Sample {
  /** Milliseconds since 1970. */
  at: number
  /** How busy each core was, in percent. */
  cores: number[]
  memory: { residentBytes: number, heapBytes: number, freeBytes: number }
  /** How late the event loop's timers were. */
  delay: { medianMs: number, longestMs: number }
  collections: Collection[]
}

/** What does not change while this process runs. */
export function describeMachine () {
  const cores = cpus()
  return {
    processor: cores[0]?.model.trim() ?? 'unknown processor',
    cores: cores.length,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    pid: process.pid,
    startedAt: Math.round(performance.timeOrigin)
  }
}

/** Measures this machine and this process, until the signal aborts. */
export async function * measure (everyMs: number, signal: AbortSignal): AsyncGenerator<Sample> {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  const collections: Collection[] = []
  const collector = new PerformanceObserver(list => {
    for (const entry of list.getEntries() as CollectorEntry[]) {
      collections.push({
        at: performance.timeOrigin + entry.startTime,
        kind: KINDS.get(entry.detail.kind) ?? 'other',
        durationMs: entry.duration
      })
    }
  })
  loop.enable()
  collector.observe({ entryTypes: ['gc'] })
  let before = cpus()
  try {
    while (true) {
      await setTimeout(everyMs, undefined, { signal })
      const now = cpus()
      yield { at: Date.now(), cores: busy(before, now), memory: memory(), delay: delay(loop), collections: collections.splice(0) }
      before = now
      loop.reset()
    }
  } finally {
    collector.disconnect()
    loop.disable()
  }
}

/** How often the event loop's delay is looked at. */
const RESOLUTION_MS = 10

/** @types/node has no PerformanceNodeEntry. */
type CollectorEntry = PerformanceEntry & { detail: { kind: number } }

const KINDS = new Map<number, Collection['kind']>([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major']
])

function busy (before: CpuInfo[], now: CpuInfo[]): number[] {
  return now.map(({ times }, core) => {
    const last = before[core]?.times ?? times
    const idle = times.idle - last.idle
    const all = total(times) - total(last)
    return all <= 0 ? 0 : Math.round(100 * Math.min(1, Math.max(0, 1 - idle / all)))
  })
}

function total (times: CpuInfo['times']): number {
  return Object.values(times).reduce((sum, time) => sum + time, 0)
}

function memory (): Sample['memory'] {
  const { rss, heapUsed } = process.memoryUsage()
  return { residentBytes: rss, heapBytes: heapUsed, freeBytes: freemem() }
}

function delay (loop: IntervalHistogram): Sample['delay'] {
  // What is measured is the time between two looks, so that the way from one to the next is in it.
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS)
  return { medianMs: late(loop.percentile(50)), longestMs: late(loop.max) }
}

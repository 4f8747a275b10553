import { syncBuiltinESMExports } from 'node:module'
import promises from 'node:timers/promises'

interface Timer { dueMs: number, everyMs: number | undefined, run: () => void }

/** A time that passes when it is told to, so that no schedule waits, and a view of the timers that are left. */
export class Clock {
  nowMs = 1_000_000
  readonly #timers = new Set<Timer>()

  /** Timers that wait. */
  get pending (): number {
    return this.#timers.size
  }

  /** Runs what is due on the way, in its order. */
  advance (ms: number): void {
    const untilMs = this.nowMs + ms
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.nowMs = next.dueMs
      if (next.everyMs === undefined) this.#timers.delete(next)
      else next.dueMs += next.everyMs
      next.run()
    }
    this.nowMs = untilMs
  }

  /** Forgets the timers of a server that is not used any more. */
  clear (): void {
    this.#timers.clear()
  }

  /** Takes the place of the real time, and of chance, which else would make each run another one. */
  install (): () => void {
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis
    const timeout = promises.setTimeout
    const { now } = performance
    const { random } = Math
    const start = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => this.#start(() => { run(...args) }, ms, false)
    const startEvery = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => this.#start(() => { run(...args) }, ms, true)
    const stop = (timer: unknown): void => { this.#timers.delete(timer as Timer) }
    Object.assign(globalThis, { setTimeout: start, clearTimeout: stop, setInterval: startEvery, clearInterval: stop })
    promises.setTimeout = (async (ms: number) => { await new Promise<void>(resolve => { this.#start(resolve, ms, false) }) }) as typeof timeout
    performance.now = () => this.nowMs
    Math.random = () => 0.5
    syncBuiltinESMExports()
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval })
      promises.setTimeout = timeout
      performance.now = now
      Math.random = random
      syncBuiltinESMExports()
    }
  }

  #start (run: () => void, ms: number, repeats: boolean): object {
    const self = (): object => timer
    const timer = { dueMs: this.nowMs + Math.max(1, ms), everyMs: repeats ? Math.max(1, ms) : undefined, run, ref: self, unref: self, hasRef: () => false }
    this.#timers.add(timer)
    return timer
  }

  #next (untilMs: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) if (timer.dueMs <= untilMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer
    return first
  }
}

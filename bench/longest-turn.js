import { cpuMs } from './cpu-time.js'

/** As often as a timer goes. */
const TICK_MS = 1

/**
 * How long other work has to wait, in CPU time of this process: the delay of a timer by the clock would also hold the time
 * that the machine has given to others. Looking takes CPU time itself: little beside what a busy server does, and much
 * beside an idle one.
 */
export class LongestTurn {
  #longestMs = 0
  #atTickMs = cpuMs()
  #ticks = setInterval(() => { this.#tick() }, TICK_MS)

  /** @returns {number} Milliseconds of the longest turn since it was made. */
  end () {
    this.#tick()
    clearInterval(this.#ticks)
    return this.#longestMs
  }

  #tick () {
    const nowMs = cpuMs()
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#atTickMs)
    this.#atTickMs = nowMs
  }
}

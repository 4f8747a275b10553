import { summary } from './summary.js'

/** As often as a timer goes. */
const TICK_MS = 5

/** How late a timer is, by the clock: what others wait for who are served by the same event loop. */
export class Lateness {
  #lateMs = []
  #dueMs = performance.now() + TICK_MS
  #timer = setInterval(() => { this.#tick() }, TICK_MS)

  end () {
    this.#tick()
    clearInterval(this.#timer)
    return summary(this.#lateMs)
  }

  #tick () {
    const nowMs = performance.now()
    this.#lateMs.push(Math.max(0, nowMs - this.#dueMs))
    this.#dueMs = nowMs + TICK_MS
  }
}

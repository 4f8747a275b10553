/** Counts what comes against the numbers that its publishers have given it. */
export class Account {
  received = 0
  missed = 0
  doubled = 0
  /** The last number of each run of each server. */
  #last = new Map()
  #since

  /** Must be told the server's time when the page connects: of runs that begin later, no event may be missing. */
  begin (at) {
    this.#since ??= at
  }

  take ({ from, run, number }) {
    const key = `${from} ${run}`
    const last = this.#last.get(key) ?? (run > this.#since ? 0 : number - 1)
    if (number <= last) {
      this.doubled++
      return
    }
    this.received++
    this.missed += number - last - 1
    this.#last.set(key, number)
  }
}

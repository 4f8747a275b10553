/** What clients have got, all together. */
export interface Totals {
  events: number
  /** Events that were passed over and never came. */
  lost: number
  /** Events that came again. */
  doubled: number
  /** Events that came after later ones. */
  disordered: number
  /** How often one was told that something is gone. */
  gaps: number
  /** The first few that are wrong, in words. */
  readonly problems: string[]
}

export function noTotals (): Totals {
  return { events: 0, lost: 0, doubled: 0, disordered: 0, gaps: 0, problems: [] }
}

/** Problems that are told. */
const MAX_PROBLEMS = 10

/** Keeps the first few. */
export function note ({ problems }: Totals, problem: string): void {
  if (problems.length < MAX_PROBLEMS) problems.push(problem)
}

/** What one client has got of each topic, whose events are numbered 1, 2, 3 … in the order in which they were stored. */
export class Ledger {
  readonly #totals: Totals
  readonly #name: string
  /** The number of the last event of each topic. */
  readonly #last = new Map<string, number>()
  /** Of each topic, what was passed over. */
  readonly #missing = new Map<string, Set<number>>()

  constructor (totals: Totals, name: string) {
    this.#totals = totals
    this.#name = name
  }

  take (topic: string, n: number): void {
    const totals = this.#totals
    totals.events++
    const last = this.#last.get(topic)
    if (last === undefined || n === last + 1) this.#last.set(topic, n)
    else if (n > last) {
      this.#pass(topic, last, n)
      this.#last.set(topic, n)
    } else if (this.#missing.get(topic)?.delete(n) === true) {
      totals.lost--
      totals.disordered++
      this.#tell(`${n} of ${topic} came after ${last}`)
    } else {
      totals.doubled++
      this.#tell(`${n} of ${topic} came again after ${last}`)
    }
  }

  /** It was told that events are gone: whatever comes next may be later than what it expected. */
  gap (): void {
    this.#totals.gaps++
    this.#tell('was told of a gap')
    this.#last.clear()
  }

  /** Whether it has anything at all. */
  get isBlank (): boolean {
    return this.#last.size === 0
  }

  /** Whether it has these events, or later ones. */
  has (topics: readonly string[], last: Readonly<Record<string, number>>): boolean {
    return topics.every(topic => (this.#last.get(topic) ?? 0) >= (last[topic] ?? 0))
  }

  #pass (topic: string, last: number, n: number): void {
    const missing = this.#missing.get(topic) ?? new Set<number>()
    this.#missing.set(topic, missing)
    for (let each = last + 1; each < n; each++) missing.add(each)
    this.#totals.lost += n - last - 1
    this.#tell(`${n} of ${topic} came right after ${last}`)
  }

  #tell (problem: string): void {
    note(this.#totals, `${this.#name}: ${problem}`)
  }
}

/** What a program has found, as TAP, which ends with a line that counts. */
export class Checks {
  readonly #lines: string[] = []
  #failed = 0

  /** @param problem What is wrong; undefined where all is well. */
  add (name: string, problem: string | undefined): void {
    const n = this.#lines.length + 1
    if (problem !== undefined) this.#failed++
    this.#lines.push(problem === undefined ? `ok ${n} - ${name}` : `not ok ${n} - ${name}: ${problem.replaceAll('\n', '\n#   ')}`)
  }

  /** Nothing of what should not be is there. */
  none (name: string, found: readonly string[]): void {
    this.add(name, found.length === 0 ? undefined : `${found.length}, such as\n${found.slice(0, 5).join('\n')}`)
  }

  equal (name: string, found: unknown, wanted: unknown): void {
    this.add(name, Object.is(found, wanted) ? undefined : `${String(found)}, where it should be ${String(wanted)}`)
  }

  atLeast (name: string, found: number, least: number): void {
    this.add(name, found >= least ? undefined : `${found}, where it should be ${least} at least`)
  }

  below (name: string, found: number, bound: number, unit: string): void {
    this.add(name, found < bound ? undefined : `${found.toFixed(1)} ${unit}, where it should be less than ${bound.toFixed(1)} ${unit}`)
  }

  get isGood (): boolean {
    return this.#failed === 0 && this.#lines.length > 0
  }

  get lines (): string[] {
    const total = this.#lines.length
    return [...this.#lines, `1..${total}`, `# { total: ${total}, pass: ${total - this.#failed}, fail: ${this.#failed} }`]
  }
}

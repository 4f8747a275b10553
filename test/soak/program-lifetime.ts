import type { Lifetime } from '../helpers/lifetime.js'

/** Of a program: what was started is ended in the opposite order, also where it is interrupted. */
export class ProgramLifetime implements Lifetime {
  readonly #ends: Array<() => unknown> = []

  constructor () {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => { void this.end().finally(() => { process.exit(1) }) })
    }
  }

  teardown (end: () => unknown): void {
    this.#ends.push(end)
  }

  async end (): Promise<void> {
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) await end()
  }
}

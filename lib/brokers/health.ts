import type { FastifyBaseLogger } from 'fastify'

/** Tells once that an engine is out of reach, and once that it is back, however many connections and tries there are. */
export class Health {
  readonly #engine: string
  /** Where it is told: the log of the app that has opened a channel last. */
  log: FastifyBaseLogger | undefined
  readonly #lost = new Set<object>()

  /** @param engine How it is called in the log, such as `Redis`. */
  constructor (engine: string) {
    this.#engine = engine
  }

  /** @param connection Or whatever else there is one of. */
  lost (connection: object, err: unknown): void {
    if (this.#lost.size === 0) {
      this.log?.warn({ err }, `${this.#engine} is not available; event streams stay open, and go on when it is`)
    }
    this.#lost.add(connection)
  }

  back (connection: object): void {
    if (this.#lost.delete(connection) && this.#lost.size === 0) this.log?.info(`${this.#engine} is available again; event streams go on`)
  }

  /** This connection is not needed any more. */
  forget (connection: object): void {
    this.#lost.delete(connection)
  }
}

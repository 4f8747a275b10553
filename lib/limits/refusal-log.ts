import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { Bound } from './limit.js'

/** How often a limit that is reached is told of at most: who floods the server should not flood its log too. */
const EVERY_MS = 10_000

/** Tells of refused streams: of each at the level debug, of all together in a warning now and then. */
export class RefusalLog {
  /** In all. */
  total = 0
  /** Refusals that no warning has counted yet, by the limit that is reached. */
  readonly #untold = new Map<string, number>()

  /** @param owner Whose limit it is: `server`, or a route's name. */
  add (request: FastifyRequest, owner: string, bound: Bound): void {
    this.total++
    const limit = { limit: bound, of: owner }
    request.log.debug(limit, 'an event stream was refused')
    const name = `${bound} ${owner}`
    const untold = this.#untold.get(name)
    this.#untold.set(name, (untold ?? 0) + 1)
    if (untold === undefined) this.#tell(request.server.log, name, limit)
  }

  /** Now, and again as long as there are more. */
  #tell (log: FastifyBaseLogger, name: string, limit: object): void {
    const refused = this.#untold.get(name) as number
    if (refused === 0) {
      this.#untold.delete(name)
      return
    }
    this.#untold.set(name, 0)
    log.warn({ ...limit, refused }, 'too many event streams are open; more are refused')
    setTimeout(() => { this.#tell(log, name, limit) }, EVERY_MS).unref()
  }
}

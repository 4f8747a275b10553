import type { LimitOptions } from '../../types/options.js'
import { Admission } from './admission.js'
import { Limit } from './limit.js'
import { ProxyWarning } from './proxy-warning.js'
import { RefusalLog } from './refusal-log.js'

/** The limits of one registration of the plugin, and of its routes. */
export class Limits {
  readonly refusals = new RefusalLog()
  readonly #server: Limit
  readonly #streamKey: LimitOptions['streamKey']
  readonly #proxyWarning = new ProxyWarning()

  constructor (options: LimitOptions) {
    this.#server = new Limit('server', options)
    this.#streamKey = options.streamKey
  }

  /** Open streams, where the plugin's own options bound them. */
  get open (): number {
    return this.#server.open
  }

  /** Keys that have open streams, where the plugin's own options bound those of a key. */
  get keys (): number {
    return this.#server.keys
  }

  /** What lets the streams of a route begin; undefined where nothing bounds them. */
  admissionFor (route: string, options: LimitOptions = {}): Admission | undefined {
    const limits = [this.#server, new Limit(route, options)].filter(({ isInAll, isPerKey }) => isInAll || isPerKey)
    if (limits.length === 0) return undefined
    const { streamKey = this.#streamKey } = options
    return new Admission({ route, limits, streamKey, refusals: this.refusals, proxyWarning: this.#proxyWarning })
  }
}

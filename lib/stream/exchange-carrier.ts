import type { FastifyRequest } from 'fastify'
import type { ResolvedStreamOptions } from '../../types/options.js'
import type { CloseReason, CloseRecord } from '../../types/sink.js'
import { sendsLastEventId } from '../wire/last-event-id.js'
import type { Carrier, EarlyEnd, Missed } from './carrier.js'

/** What of an exchange its carrier needs. */
export interface Carried {
  readonly request: FastifyRequest
  readonly lastEventId: string | undefined
  readonly route: { readonly options: Readonly<ResolvedStreamOptions> }
  readonly ending: { readonly signal: AbortSignal }
  readonly reason: CloseReason | undefined
  endFor: (reason: EarlyEnd) => void
}

/** An exchange, as those see it who feed it from afar. */
export class ExchangeCarrier implements Carrier {
  gaps = 0
  readonly #exchange: Carried
  #conflated = 0
  #dropped = 0

  constructor (exchange: Carried) {
    this.#exchange = exchange
  }

  get resumesFrom (): string | undefined {
    const { lastEventId, request: { headers, raw } } = this.#exchange
    return lastEventId ?? (sendsLastEventId(headers['last-event-id'], raw.url) ? '' : undefined)
  }

  get signal (): AbortSignal {
    return this.#exchange.ending.signal
  }

  get reason (): CloseReason | undefined {
    return this.#exchange.reason
  }

  get maxBufferedBytes (): number {
    return this.#exchange.route.options.maxBufferedBytes
  }

  /** For the close record, which leaves out what did not happen. */
  get missed (): Pick<CloseRecord, 'gaps' | 'conflated' | 'dropped'> {
    return {
      ...(this.gaps > 0 && { gaps: this.gaps }),
      ...(this.#conflated > 0 && { conflated: this.#conflated }),
      ...(this.#dropped > 0 && { dropped: this.#dropped })
    }
  }

  addMissed ({ conflated, dropped }: Missed): void {
    this.#conflated += conflated
    this.#dropped += dropped
  }

  endFor (reason: EarlyEnd): void {
    this.#exchange.endFor(reason)
  }
}

import type { FastifyRequest } from 'fastify'
import type { ResolvedStreamOptions } from '../../types/options.js'
import type { CloseReason } from '../../types/sink.js'
import { sendsLastEventId } from '../wire/last-event-id.js'
import type { Carrier, EarlyEnd } from './carrier.js'

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

  endFor (reason: EarlyEnd): void {
    this.#exchange.endFor(reason)
  }
}

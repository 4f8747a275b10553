import type { CloseReason, CloseRecord } from '../../types/sink.js'
import type { RouteMetrics } from '../../types/telemetry.js'
import { Histogram } from './histogram.js'

/** A stream that is open, and what it has counted itself. */
export interface Counted {
  readonly events: number
  readonly bytes: number
  readonly queuedBytes: number
}

/**
 * Counts the streams of one route. What they send is counted by themselves, and added up here when they are over, or when
 * somebody asks: nothing is done here for an event.
 */
export class RouteTally {
  invalidEvents = 0
  readonly timeToFirstEvent = new Histogram()
  readonly #open = new Set<Counted>()
  #opened = 0
  #unopened = 0
  #resumed = 0
  #events = 0
  #bytes = 0
  readonly #closed: Record<CloseReason, number> = {
    complete: 0, client: 0, shutdown: 0, 'max-age': 0, slow: 0, expired: 0, overloaded: 0, stalled: 0, error: 0
  }

  /** The response of a stream begins. */
  open (stream: Counted, isResumed: boolean): void {
    this.#open.add(stream)
    this.#opened++
    if (isResumed) this.#resumed++
  }

  /** A stream is over, whether its response has begun or not. */
  close (stream: Counted, { reason, events, bytes }: CloseRecord): void {
    if (!this.#open.delete(stream)) {
      this.#unopened++
      return
    }
    this.#closed[reason]++
    this.#events += events
    this.#bytes += bytes
  }

  read (route: string): RouteMetrics {
    let events = this.#events
    let bytes = this.#bytes
    let queuedBytes = 0
    for (const stream of this.#open) {
      events += stream.events
      bytes += stream.bytes
      queuedBytes += stream.queuedBytes
    }
    return {
      route,
      open: this.#open.size,
      opened: this.#opened,
      closed: { ...this.#closed },
      unopened: this.#unopened,
      resumed: this.#resumed,
      events,
      bytes,
      invalidEvents: this.invalidEvents,
      queuedBytes,
      timeToFirstEvent: this.timeToFirstEvent.read()
    }
  }
}

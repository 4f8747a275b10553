import type { FastifyBaseLogger } from 'fastify'
import { asError } from '../as-error.js'
import { logError } from '../log-error.js'
import { type FrameOutlet, FramePump } from './frame-pump.js'
import type { FrameIterable } from './frame-source.js'
import { type Outlet, pump } from './pump.js'
import { Source } from './source.js'
import type { Streams, UnfinishedSources } from './streams.js'

/** The sources that feed one stream: usually one. */
export class Sources implements UnfinishedSources {
  /** When they were first asked to end, by `performance.now()`. */
  stoppedAtMs = 0
  // Arrays, since there are few: Sets for every stream take 500 bytes.
  readonly #sources: Source[] = []
  readonly #framePumps: FramePump[] = []
  readonly #streams: Streams
  readonly #log: FastifyBaseLogger
  readonly #route: string
  #hasWarned = false

  constructor (streams: Streams, log: FastifyBaseLogger, route: string) {
    this.#streams = streams
    this.#log = log
    this.#route = route
  }

  /** Pumps an iterable into an outlet. Settles when the iterable has ended, and rejects with its error. */
  async add (iterable: unknown, outlet: Outlet): Promise<void> {
    const source = new Source(iterable)
    this.#sources.push(source)
    try {
      await pump(source, outlet)
    } finally {
      this.#stop(source)
      this.#forget(source)
    }
  }

  /** The same for one whose frames are ready. @throws Where it can't begin. */
  addFrames (iterable: FrameIterable, outlet: FrameOutlet): Promise<void> {
    const pump = new FramePump(iterable, outlet, this)
    if (outlet.done) pump.stop() // its response could not begin
    if (!pump.isOver) this.#framePumps.push(pump)
    return pump.ended
  }

  forgetFrames (pump: FramePump): void {
    if (this.#framePumps.includes(pump)) remove(this.#framePumps, pump)
  }

  /** Asks all of them to end. Those that do not are reported later. */
  stop (): void {
    if (this.#framePumps.length > 0) for (const pump of [...this.#framePumps]) pump.stop()
    if (this.#sources.length === 0) return
    for (const source of this.#sources) this.#stop(source)
    if (this.stoppedAtMs === 0) this.stoppedAtMs = performance.now()
    if (!this.#hasWarned) this.#streams.addUnfinished(this)
  }

  warn (): void {
    this.#hasWarned = true
    this.#log.warn(
      { route: this.#route, pendingMs: Math.round(performance.now() - this.stoppedAtMs) },
      'the source of an event stream goes on though its stream has ended; it should listen to reply.sse.signal'
    )
  }

  #stop (source: Source): void {
    source.stop(error => { logError(this.#log, 'warn', asError(error), 'the source of an event stream failed to clean up') })
  }

  #forget (source: Source): void {
    remove(this.#sources, source)
    if (this.#sources.length === 0) this.#streams.deleteUnfinished(this)
  }
}

function remove<Of> (from: Of[], which: Of): void {
  from.splice(from.indexOf(which), 1)
}

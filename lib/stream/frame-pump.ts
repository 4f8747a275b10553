import { type FrameCarrier, type FrameIterable, type Frames, type FrameSource, kFrames } from './frame-source.js'

/** What frames are written to. */
export interface FrameSink {
  /** @returns Whether there is room for more in this turn. */
  writeShared: (frames: Frames) => boolean
}

/** Where a pump takes frames. */
export interface FrameOutlet extends Omit<FrameCarrier, 'onReadable' | 'offer'> {
  /** True once nothing more is taken. */
  readonly done: boolean
  /** The source has begun. @returns What its frames are written to; undefined if nothing can be. */
  beginFrames: () => FrameSink | undefined
  /** Resolves when there is room, or when nothing more will be taken. */
  room: () => Promise<unknown>
  /** The last frame was a final event. */
  endWithFinal: () => void
}

/** Moves frames from a source to an outlet, when the source has some and the outlet room. */
export class FramePump implements FrameCarrier {
  /** Settles when the source has ended, and rejects with its error. */
  readonly ended: Promise<void>
  readonly #outlet: FrameOutlet
  readonly #source: FrameSource
  readonly #sink: FrameSink
  #isWaiting = false
  #isStopped = false
  #resolve!: () => void
  #reject!: (error: unknown) => void

  constructor (iterable: FrameIterable, outlet: FrameOutlet) {
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#outlet = outlet
    this.#source = iterable[kFrames](this)
    const sink = outlet.beginFrames()
    this.#sink = sink as FrameSink // of what has stopped, nobody looks at it
    if (sink === undefined) this.stop()
    else this.#pump()
  }

  get carrier (): FrameCarrier['carrier'] {
    return this.#outlet.carrier
  }

  get final (): FrameCarrier['final'] {
    return this.#outlet.final
  }

  get marksEnd (): boolean {
    return this.#outlet.marksEnd
  }

  offer (frames: Frames): boolean {
    if (this.#isWaiting || this.#isStopped) return false
    try {
      if (!this.#sink.writeShared(frames)) this.#waitForRoom()
    } catch (error) {
      this.#reject(error) // thrown on, it would keep the others from being served
    }
    return true
  }

  onReadable (): void {
    this.#pump()
  }

  stop (): void {
    this.#isStopped = true
    this.#source.stop()
    this.#resolve()
  }

  #pump (): void {
    if (this.#isWaiting) return
    try {
      while (!this.#outlet.done) {
        const frames = this.#source.read()
        if (frames === undefined) break
        const hasRoom = this.#sink.writeShared(frames)
        if (this.#source.ended === 'final') this.#outlet.endWithFinal()
        if (!hasRoom) {
          this.#waitForRoom()
          return
        }
      }
      const { ended } = this.#source
      if (ended === 'shutdown') this.#outlet.carrier.endFor(ended)
      if (ended !== undefined) this.#resolve()
    } catch (error) {
      this.#reject(error)
    }
  }

  #waitForRoom (): void {
    this.#isWaiting = true
    this.#outlet.room().then(() => {
      this.#isWaiting = false
      this.#pump()
    }).catch(this.#reject)
  }
}

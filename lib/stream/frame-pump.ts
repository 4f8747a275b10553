import { type FrameCarrier, type FrameIterable, type Frames, type FrameSource, type FrameTaker, kFrames } from './frame-source.js'

/** What frames are written to. */
export interface FrameSink extends FrameTaker {
  /** Whether there is room in this turn. */
  readonly hasSharedRoom: boolean
  writeShared: (frames: Frames) => void
}

/** Where a pump takes frames. */
export interface FrameOutlet extends Omit<FrameCarrier, 'onReadable'> {
  /** True once nothing more is taken. */
  readonly done: boolean
  /** The source has begun. @returns What its frames are written to; undefined if nothing can be. */
  beginFrames: () => FrameSink | undefined
  /** Resolves when there is room, or when nothing more will be taken. */
  room: () => Promise<unknown>
  /** Called once, when the first frames were taken that hold an event. */
  onFirstEvent: () => void
  /** The last frame was a final event. */
  endWithFinal: () => void
}

/** Who keeps the pumps of a stream. */
export interface FramePumpOwner {
  /** Called when one has ended. */
  forgetFrames: (pump: FramePump) => void
}

/** Moves frames from a source to an outlet, when the source has some and the outlet room. */
export class FramePump implements FrameCarrier, FrameTaker {
  /** Settles when the source has ended, and rejects with its error. */
  readonly ended: Promise<void>
  isOver = false
  readonly #outlet: FrameOutlet
  readonly #source: FrameSource
  readonly #sink: FrameSink
  readonly #owner: FramePumpOwner
  #isWaiting = false
  #hasEvent = false
  #resolve!: () => void
  #reject!: (error: unknown) => void

  constructor (iterable: FrameIterable, outlet: FrameOutlet, owner: FramePumpOwner) {
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#outlet = outlet
    this.#owner = owner
    this.#source = iterable[kFrames](this)
    const sink = outlet.beginFrames()
    this.#sink = sink as FrameSink // of what has stopped, nobody looks at it
    if (sink === undefined) {
      this.stop()
    } else {
      this.#source.offerTo(this)
      this.#pump()
    }
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

  /** Takes what is offered until an event was among it; from then on the sink does, to which this would be a detour. */
  offer (frames: Frames): boolean {
    const isTaken = this.#sink.offer(frames)
    if (isTaken) this.#note(frames)
    return isTaken
  }

  onReadable (): void {
    this.#pump()
  }

  stop (): void {
    if (this.#end()) this.#resolve()
  }

  #pump (): void {
    if (this.isOver || this.#isWaiting) return
    try {
      while (!this.#outlet.done) {
        if (!this.#sink.hasSharedRoom) {
          this.#waitForRoom()
          return
        }
        const frames = this.#source.read()
        if (frames === undefined) break
        this.#sink.writeShared(frames)
        if (!this.#hasEvent) this.#note(frames)
        if (this.#source.ended === 'final') this.#outlet.endWithFinal()
      }
      const { ended } = this.#source
      if (ended === 'shutdown') this.#outlet.carrier.endFor(ended)
      if (ended !== undefined) this.stop()
    } catch (error) {
      this.#fail(error)
    }
  }

  #note ({ events }: Frames): void {
    if (events === 0) return
    this.#hasEvent = true
    this.#source.offerTo(this.#sink)
    this.#outlet.onFirstEvent()
  }

  #waitForRoom (): void {
    this.#isWaiting = true
    this.#outlet.room().then(() => {
      this.#isWaiting = false
      this.#pump()
    }).catch((error: unknown) => { this.#fail(error) })
  }

  #fail (error: unknown): void {
    if (this.#end()) this.#reject(error)
  }

  /** @returns Whether it had not ended before. */
  #end (): boolean {
    if (this.isOver) return false
    this.isOver = true
    this.#source.stop()
    this.#owner.forgetFrames(this)
    return true
  }
}

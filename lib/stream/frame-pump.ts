import type { FrameCarrier, FrameIterable, Frames, FrameSource } from './frame-source.js'
import { kFrames } from './frame-source.js'

/** Where a pump takes frames. */
export interface FrameOutlet extends Omit<FrameCarrier, 'onReadable' | 'offer'> {
  /** True once nothing more is taken. */
  readonly done: boolean
  /** @returns Whether there is room for more in this turn. */
  takeFrames: (frames: Frames) => boolean
  /** Resolves when there is room, or when nothing more will be taken. */
  room: () => Promise<unknown>
  /** The last frame was a final event. */
  endWithFinal: () => void
}

/** Moves frames from a source to an outlet, when the source has some and the outlet room. */
export class FramePump {
  /** Settles when the source has ended, and rejects with its error. */
  readonly ended: Promise<void>
  readonly #outlet: FrameOutlet
  readonly #source: FrameSource
  #isWaiting = false
  #resolve!: () => void
  #reject!: (error: unknown) => void

  constructor (iterable: FrameIterable, outlet: FrameOutlet) {
    const { carrier, final, marksEnd } = outlet
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#outlet = outlet
    this.#source = iterable[kFrames]({
      carrier,
      final,
      marksEnd,
      offer: frames => this.#offer(frames),
      onReadable: () => { this.#pump() }
    })
    this.#pump()
  }

  stop (): void {
    this.#source.stop()
    this.#resolve()
  }

  #offer (frames: Frames): boolean {
    if (this.#isWaiting || this.#outlet.done) return false
    try {
      this.#isWaiting = !this.#outlet.takeFrames(frames)
      if (this.#isWaiting) this.#waitForRoom()
    } catch (error) {
      this.#reject(error) // thrown on, it would keep the others from being served
    }
    return true
  }

  #pump (): void {
    if (this.#isWaiting) return
    try {
      while (!this.#outlet.done) {
        const frames = this.#source.read()
        if (frames === undefined) break
        if (!this.#outlet.takeFrames(frames)) this.#isWaiting = true
        if (this.#source.ended === 'final') this.#outlet.endWithFinal()
        if (this.#isWaiting) return this.#waitForRoom()
      }
      if (this.#source.ended !== undefined) this.#resolve()
    } catch (error) {
      this.#reject(error)
    }
  }

  #waitForRoom (): void {
    this.#outlet.room().then(() => {
      this.#isWaiting = false
      this.#pump()
    }).catch(this.#reject)
  }
}

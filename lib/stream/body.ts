import type { Compressor } from './compressor.js'
import type { FrameSink } from './frame-pump.js'
import type { Frames } from './frame-source.js'
import { CHUNK_BYTES, Outflow, type OutflowOwner } from './outflow.js'
import type { ReadableBody } from './readable-body.js'
import { shareFrames } from './shared-frames.js'

/**
 * Characters that may gather in one tick before a source has to let other work run. Less than a chunk by more than a
 * usual frame, since the frame that crosses it would else make a second chunk: a turn costs 15 to 20 % more then.
 */
const TURN_CHARS = CHUNK_BYTES - 4 * 1024

/**
 * Bytes of shared frames that may leave in one turn while the socket takes everything. Much, since others publish them,
 * and a subscriber would else be taken for slow who only waits for this.
 */
const SHARED_TURN_BYTES = 1024 * 1024

/** The same for what is to be compressed, before it is: that takes up to 40 ns a byte (bench/compression.ts), so 10 ms. */
const COMPRESSED_TURN_BYTES = 256 * 1024

/** Whose body it is. */
export interface BodyOwner {
  /** Called once, when somebody begins to read. */
  onBodyRead: () => void
  /** Called once, when nothing more can be read: the end was read, or a consumer went away. */
  onBodyDestroyed: () => void
}

/**
 * The body of one event stream: frames go in, and leave as few large chunks as possible.
 *
 * A write to the socket costs 4 to 7 µs, an event less than 1 µs, so the frames of one tick leave in one write: the
 * first schedules the flush by `process.nextTick`, which Node runs after the microtasks that are under way, so no timer
 * is involved and an event that comes alone leaves in its own tick.
 */
export class Body implements FrameSink, OutflowOwner {
  /** Events of shared frames that were taken. */
  sharedEvents = 0
  /** Bytes of the frames that were handed on, before any compression. */
  bytes = 0
  readonly #outflow: Outflow
  readonly #owner: BodyOwner
  readonly #compressor: Compressor | undefined
  #pending = ''
  #isScheduled = false
  #isFinishing = false
  #isTurnOver = false
  #isRead = false
  /** What {@link bytes} was when somebody last got room. */
  #bytesBeforeTurn = 0
  #room: Promise<boolean> | undefined
  #resolveRoom: ((room: boolean) => void) | undefined

  /**
   * @param isDirect Whether a response may be written to without Readable's part.
   * @param compressor What all that is handed on goes through. Closed with this.
   */
  constructor (isDirect: boolean, owner: BodyOwner, compressor?: Compressor) {
    this.#outflow = new Outflow(isDirect, this)
    this.#owner = owner
    this.#compressor = compressor
  }

  /** What Fastify sends. Undefined once it needs nothing more. */
  get readable (): ReadableBody | undefined {
    return this.#outflow.readable
  }

  get isCompressed (): boolean {
    return this.#compressor !== undefined
  }

  /** Bytes that have left, compressed or not. */
  get sentBytes (): number {
    return this.#outflow.bytes
  }

  /** What has been taken in and not read yet: bytes, and characters where they are not encoded yet. */
  get queued (): number {
    return this.#pending.length + this.#outflow.queued
  }

  /** Whether a source may go on in this turn. */
  get hasRoom (): boolean {
    return this.#outflow.isWanted && this.#pending.length + this.bytes - this.#bytesBeforeTurn < TURN_CHARS
  }

  get hasSharedRoom (): boolean {
    const turnBytes = this.#compressor === undefined ? SHARED_TURN_BYTES : COMPRESSED_TURN_BYTES
    return this.#outflow.isWanted && this.bytes - this.#bytesBeforeTurn < turnBytes
  }

  /** Takes one frame, or several joined. It leaves at the end of this tick. */
  write (frames: string): void {
    this.#pending += frames
    this.#schedule()
  }

  /**
   * Takes frames that many streams share. They leave at once, after what was written before, and are not copied. Nothing
   * is taken after {@link finish}.
   */
  writeShared (frames: Frames): void {
    if (this.#outflow.isClosed || this.#isFinishing) return
    if (this.#pending !== '') this.#handOnPending()
    this.sharedEvents += frames.events
    this.#handOn(frames)
  }

  offer (frames: Frames): boolean {
    if (!this.hasSharedRoom) return false
    this.writeShared(frames)
    return true
  }

  /** Ends the body after what was written. */
  finish (): void {
    this.#isFinishing = true
    this.#schedule()
  }

  /** Hands on what is pending. */
  flush (): void {
    this.#isScheduled = false
    if (this.#outflow.isClosed) return
    if (this.#pending !== '') this.#handOnPending()
    if (!this.#isFinishing) return
    const rest = this.#compressed()
    if (rest !== undefined) this.#outflow.write(rest)
    if (!this.#outflow.isClosed) this.#outflow.end() // it is closed where it could not be compressed
  }

  /**
   * Resolves to true when the consumer wants more, to false when it has gone. One promise for all who wait.
   *
   * Never in the same turn of the event loop: a socket that takes everything says so by `process.nextTick`, and a source
   * that always has events ready would starve timers and all other streams.
   */
  room (): Promise<boolean> {
    if (this.#outflow.isClosed) return Promise.resolve(false)
    if (this.#room === undefined) {
      this.#room = new Promise(resolve => { this.#resolveRoom = resolve })
      this.#isTurnOver = false
      setImmediate(() => {
        this.#isTurnOver = true
        this.#giveRoom()
      })
    }
    return this.#room
  }

  /** Nothing more is wanted. */
  destroy (): void {
    this.#outflow.close()
  }

  onRead (): void {
    if (this.#isRead || this.#outflow.isClosed) return
    this.#isRead = true
    this.#owner.onBodyRead()
  }

  onWanted (): void {
    this.#giveRoom()
  }

  onClosed (): void {
    this.#pending = ''
    this.#settleRoom(false)
    this.#compressor?.close()
    this.#owner.onBodyDestroyed()
  }

  #giveRoom (): void {
    if (!this.#outflow.isWanted || !this.#isTurnOver) return
    this.#bytesBeforeTurn = this.bytes
    this.#settleRoom(true)
  }

  #schedule (): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    process.nextTick(flush, this)
  }

  #handOnPending (): void {
    const frames = shareFrames(this.#pending, 0)
    this.#pending = ''
    this.#handOn(frames)
  }

  #handOn (frames: Frames): void {
    this.bytes += frames.bytes.length
    const encoded = this.#compressor === undefined ? frames : this.#compressed(frames.bytes)
    if (encoded !== undefined) this.#outflow.write(encoded)
  }

  /** @returns What comes of these bytes, or of the end; undefined where that is nothing, or the body had to be broken off. */
  #compressed (bytes?: Buffer): Frames | undefined {
    try {
      return bytes === undefined ? this.#compressor?.end() : this.#compressor?.compress(bytes)
    } catch (error) {
      this.#outflow.abort(error as Error)
      return undefined
    }
  }

  #settleRoom (room: boolean): void {
    this.#resolveRoom?.(room)
    this.#room = this.#resolveRoom = undefined
  }
}

function flush (body: Body): void {
  body.flush()
}

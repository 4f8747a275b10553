import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { chunkedResponse, writeChunk } from './chunked-response.js'
import type { Frames } from './frame-source.js'
import { shareFrames } from './shared-frames.js'

/** Frames are handed on in chunks of at most this many bytes, so that a slow reader's progress shows. */
const CHUNK_BYTES = 64 * 1024

/**
 * Characters that may gather in one tick before a source has to let other work run. Less than a chunk by more than a
 * usual frame, since the frame that crosses it would else make a second chunk: a turn costs 15 to 20 % more then.
 */
const TURN_CHARS = CHUNK_BYTES - 4 * 1024

/** Shared frames that were framed as one chunk stay one up to here: apart, they take a turn of the event loop for each part. */
const SHARED_CHUNK_BYTES = 256 * 1024

/**
 * Bytes of shared frames that may leave in one turn while the socket takes everything. Much, since others publish them,
 * and a subscriber would else be taken for slow who only waits for this.
 */
const SHARED_TURN_BYTES = 1024 * 1024

/**
 * The body of one event stream: frames go in, and leave as few large chunks as possible.
 *
 * A write to the socket costs 4 to 7 µs, an event less than 1 µs, so the frames of one tick leave in one write: the
 * first schedules the flush by `process.nextTick`, which Node runs after the microtasks that are under way, so no timer
 * is involved and an event that comes alone leaves in its own tick.
 */
export class FrameStream extends Readable {
  /** Events of shared frames that were taken. */
  sharedEvents = 0
  /** Bytes handed to the consumer. */
  bytes = 0
  /** When that was last, in milliseconds of performance.now(). Once per flush: the clock takes 45 ns, an event 600. */
  flushedAtMs = performance.now()
  readonly #onDestroy: () => void
  #pending = ''
  #scheduled = false
  #finishing = false
  #wanted = true
  #turnIsOver = false
  #direct: NodeJS.WritableStream | undefined
  /** The destination, once it is known to be a response that takes chunks. */
  #response: ServerResponse | undefined
  #isPiped = false
  #isBlocked = false
  /** Bytes that the destination took at once since somebody last waited for room. */
  #passedBytes = 0
  #room: Promise<boolean> | undefined
  #resolveRoom: ((room: boolean) => void) | undefined

  /** @param onDestroy Called once, when nothing more can be read: the end was read, or a consumer went away. */
  constructor (onDestroy: () => void) {
    // No read-ahead: `_read` then means that the consumer really has room.
    super({ highWaterMark: 0 })
    this.#onDestroy = onDestroy
    // A consumer such as pipeline() may destroy this with an error. It is handled by whoever destroyed it; unheard, it
    // would end the process.
    this.on('error', () => {})
  }

  /** Takes one frame, or several joined. It leaves at the end of this tick. */
  write (frames: string): void {
    this.#pending += frames
    if (!this.#scheduled) {
      this.#scheduled = true
      process.nextTick(flush, this)
    }
  }

  /**
   * Takes frames that many streams share. They leave at once, after what was written before, and are not copied. Nothing
   * is taken after {@link finish}.
   *
   * @returns Whether there is room for more in this turn.
   */
  writeShared (frames: Frames): boolean {
    if (this.destroyed || this.#finishing) return false
    if (this.#pending !== '') this.#handOnPending()
    this.sharedEvents += frames.events
    this.#handOn(frames)
    return this.#wanted && this.#passedBytes < SHARED_TURN_BYTES
  }

  /** Whether a source may go on in this turn. */
  get hasRoom (): boolean {
    return this.#wanted && this.#pending.length + this.#passedBytes < TURN_CHARS
  }

  /** What has been taken in and not read yet: bytes, and characters where they are not encoded yet. */
  get queued (): number {
    return this.#pending.length + this.readableLength
  }

  /**
   * Resolves to true when the consumer wants more, to false when it has gone. One promise for all who wait.
   *
   * Never in the same turn of the event loop: a socket that takes everything says so by `process.nextTick`, and a source
   * that always has events ready would starve timers and all other streams.
   */
  room (): Promise<boolean> {
    if (this.destroyed) return Promise.resolve(false)
    if (this.#room === undefined) {
      this.#room = new Promise(resolve => { this.#resolveRoom = resolve })
      this.#turnIsOver = false
      setImmediate(() => {
        this.#turnIsOver = true
        this.#giveRoom()
      })
    }
    return this.#room
  }

  /** Ends the body after what was written. */
  finish (): void {
    this.#finishing = true
    if (!this.#scheduled) {
      this.#scheduled = true
      process.nextTick(flush, this)
    }
  }

  /** Hands on what is pending. */
  flush (): void {
    this.#scheduled = false
    if (this.destroyed || this.readableEnded) return
    if (this.#pending !== '') this.#handOnPending()
    if (this.#finishing) this.push(null)
  }

  /**
   * What Readable does; but as long as nothing else reads this stream, frames are written straight to its only
   * destination. By way of `data` a broadcast costs 4 % more, and a stream with one event at a time 3 %.
   */
  override pipe<T extends NodeJS.WritableStream> (destination: T, options?: { end?: boolean | undefined }): T {
    const isFirst = !this.#isPiped && this.listenerCount('data') === 0
    this.#isPiped = true
    super.pipe(destination, options)
    if (isFirst) {
      this.#direct = destination
      destination.on('drain', this.#onDrain)
      this.on('newListener', this.#onNewListener)
    }
    return destination
  }

  /** Called by Readable as well, when the destination has finished, failed or closed. */
  override unpipe (destination?: NodeJS.WritableStream): this {
    this.#leaveDirect()
    return super.unpipe(destination)
  }

  override _read (): void {
    this.#wanted = true
    this.#giveRoom()
  }

  override _destroy (error: Error | null, callback: (error?: Error | null) => void): void {
    this.#pending = ''
    this.#settleRoom(false)
    this.#onDestroy()
    callback(error)
  }

  #handOnPending (): void {
    const frames = shareFrames(this.#pending, 0)
    this.#pending = ''
    this.#handOn(frames)
  }

  #handOn ({ bytes, chunk }: Frames): void {
    this.bytes += bytes.length
    this.flushedAtMs = performance.now()
    if (bytes.length <= CHUNK_BYTES || (bytes.length <= SHARED_CHUNK_BYTES && this.#response !== undefined)) {
      this.#handOnPart(bytes, chunk)
      return
    }
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) this.#handOnPart(bytes.subarray(start, start + CHUNK_BYTES))
  }

  #handOnPart (bytes: Buffer, chunk?: Buffer): void {
    // Not while it is paused, or earlier bytes have not been read yet.
    if (this.#direct !== undefined && this.readableFlowing && this.readableLength === 0) {
      this.#passedBytes += bytes.length
      if (!this.#writeDirect(this.#direct, bytes, chunk)) {
        this.#isBlocked = true
        this.#wanted = false
        this.pause()
      }
    } else {
      this.#wanted = false
      this.push(bytes)
    }
  }

  #writeDirect (destination: NodeJS.WritableStream, bytes: Buffer, chunk: Buffer | undefined): boolean {
    if (this.#response !== undefined && chunk !== undefined) {
      const hasRoom = writeChunk(this.#response, chunk)
      if (hasRoom !== undefined) return hasRoom
    }
    const hasRoom = destination.write(bytes)
    this.#response = chunkedResponse(destination)
    return hasRoom
  }

  /** Somebody else wants to see the data. */
  readonly #onNewListener = (event: string | symbol): void => {
    if (event === 'data') this.#leaveDirect()
  }

  readonly #onDrain = (): void => {
    if (!this.#isBlocked) return
    this.resume()
    this.#unblock()
  }

  #leaveDirect (): void {
    if (this.#direct === undefined) return
    this.#direct.removeListener('drain', this.#onDrain)
    this.removeListener('newListener', this.#onNewListener)
    this.#direct = undefined
    // Whoever reads next has room.
    if (this.#isBlocked) this.#unblock()
  }

  #unblock (): void {
    this.#isBlocked = false
    // Readable does not ask again when nothing has gathered meanwhile.
    if (this.readableLength === 0) this._read()
  }

  #giveRoom (): void {
    if (!this.#wanted || !this.#turnIsOver) return
    this.#passedBytes = 0
    this.#settleRoom(true)
  }

  #settleRoom (room: boolean): void {
    this.#resolveRoom?.(room)
    this.#room = this.#resolveRoom = undefined
  }
}

function flush (stream: FrameStream): void {
  stream.flush()
}

import type { ServerResponse } from 'node:http'
import { isChunked, writeChunk } from './chunked-response.js'
import type { Compressor } from './compressor.js'
import type { FrameSink } from './frame-pump.js'
import type { Frames } from './frame-source.js'
import { ReadableBody, type ReadableSource } from './readable-body.js'
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

/** The same for what is to be compressed, before it is: that takes up to 40 ns a byte (bench/compression.ts), so 10 ms. */
const COMPRESSED_TURN_BYTES = 256 * 1024

/** Whose body it is. */
export interface BodyOwner {
  /** Called once, when nothing more can be read: the end was read, or a consumer went away. */
  onBodyDestroyed: () => void
}

/**
 * The body of one event stream: frames go in, and leave as few large chunks as possible.
 *
 * A write to the socket costs 4 to 7 µs, an event less than 1 µs, so the frames of one tick leave in one write: the
 * first schedules the flush by `process.nextTick`, which Node runs after the microtasks that are under way, so no timer
 * is involved and an event that comes alone leaves in its own tick.
 *
 * They leave by a Readable, which Fastify and its onSend hooks get; or, where nothing was put between, by the response
 * itself ({@link writeTo}).
 */
export class Body implements FrameSink, ReadableSource {
  /** Events of shared frames that were taken. */
  sharedEvents = 0
  /** Bytes of the frames that were handed on. */
  bytes = 0
  /** Bytes handed to the consumer: the same, if they are not compressed. */
  sentBytes = 0
  /** By which frames leave, and by which whoever reads them says that there is room; undefined once they need it no more. */
  #readable: ReadableBody | undefined
  #response: ServerResponse | undefined
  /** Whether the response is known to take chunks. */
  #isChunked = false
  readonly #owner: BodyOwner
  readonly #compressor: Compressor | undefined
  #pending = ''
  #isScheduled = false
  #isFinishing = false
  #isDestroyed = false
  #isWanted = true
  #isTurnOver = false
  /** What {@link bytes} was when somebody last got room. */
  #bytesBeforeTurn = 0
  #room: Promise<boolean> | undefined
  #resolveRoom: ((room: boolean) => void) | undefined

  /**
   * @param isDirect Whether a response may be written to without Readable's part.
   * @param compressor What all that is handed on goes through. Closed with this.
   */
  constructor (isDirect: boolean, owner: BodyOwner, compressor?: Compressor) {
    this.#readable = new ReadableBody(this, isDirect)
    this.#owner = owner
    this.#compressor = compressor
  }

  /** What Fastify sends. */
  get readable (): ReadableBody | undefined {
    return this.#readable
  }

  get isCompressed (): boolean {
    return this.#compressor !== undefined
  }

  /** Takes one frame, or several joined. It leaves at the end of this tick. */
  write (frames: string): void {
    this.#pending += frames
    if (!this.#isScheduled) {
      this.#isScheduled = true
      process.nextTick(flush, this)
    }
  }

  /**
   * Takes frames that many streams share. They leave at once, after what was written before, and are not copied. Nothing
   * is taken after {@link finish}.
   */
  writeShared (frames: Frames): void {
    if (this.#isDestroyed || this.#isFinishing) return
    if (this.#pending !== '') this.#handOnPending()
    this.sharedEvents += frames.events
    this.#handOn(frames)
  }

  offer (frames: Frames): boolean {
    if (!this.hasSharedRoom) return false
    this.writeShared(frames)
    return true
  }

  get hasSharedRoom (): boolean {
    return this.#isWanted && this.bytes - this.#bytesBeforeTurn < (this.#compressor === undefined ? SHARED_TURN_BYTES : COMPRESSED_TURN_BYTES)
  }

  /** Whether a source may go on in this turn. */
  get hasRoom (): boolean {
    return this.#isWanted && this.#pending.length + this.bytes - this.#bytesBeforeTurn < TURN_CHARS
  }

  /** What has been taken in and not read yet: bytes, and characters where they are not encoded yet. */
  get queued (): number {
    return this.#pending.length + (this.#readable?.readableLength ?? 0)
  }

  /**
   * Resolves to true when the consumer wants more, to false when it has gone. One promise for all who wait.
   *
   * Never in the same turn of the event loop: a socket that takes everything says so by `process.nextTick`, and a source
   * that always has events ready would starve timers and all other streams.
   */
  room (): Promise<boolean> {
    if (this.#isDestroyed) return Promise.resolve(false)
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

  /** Ends the body after what was written. */
  finish (): void {
    this.#isFinishing = true
    if (!this.#isScheduled) {
      this.#isScheduled = true
      process.nextTick(flush, this)
    }
  }

  /** Hands on what is pending. */
  flush (): void {
    this.#isScheduled = false
    if (this.#isDestroyed) return
    if (this.#pending !== '') this.#handOnPending()
    if (!this.#isFinishing) return
    const rest = this.#compress()
    if (rest !== undefined) this.#handOnEncoded(rest)
    if (this.#isDestroyed) return // it could not be compressed
    if (this.#readable === undefined) this.#response?.end()
    else this.#readable.push(null)
  }

  /**
   * Writes straight to a response from now on, which is all that reads this body: by way of Readable a broadcast to 1,000
   * costs 13 % more CPU.
   *
   * @param needsReadable Whether the Readable still has to tell its end.
   */
  writeTo (response: ServerResponse, needsReadable: boolean): void {
    const waiting: unknown = this.#readable?.read()
    this.#response = response
    if (!needsReadable) this.#readable = undefined
    this.#want()
    if (Buffer.isBuffer(waiting)) this.#writeTo(response, waiting, undefined)
    // It may have ended already, while onSend hooks took their time; what was just dropped would have told that.
    if (this.#isFinishing && !needsReadable) this.flush()
  }

  /** Nothing more is wanted. */
  destroy (): void {
    if (this.#readable === undefined) this.onDestroyed()
    else this.#readable.destroy()
  }

  onWanted (): void {
    if (this.#response === undefined) this.#want()
  }

  onDestroyed (): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.#pending = ''
    this.#settleRoom(false)
    this.#compressor?.close()
    this.#owner.onBodyDestroyed()
  }

  #handOnPending (): void {
    const frames = shareFrames(this.#pending, 0)
    this.#pending = ''
    this.#handOn(frames)
  }

  #handOn (frames: Frames): void {
    this.bytes += frames.bytes.length
    const encoded = this.#compressor === undefined ? frames : this.#compress(frames.bytes)
    if (encoded !== undefined) this.#handOnEncoded(encoded)
  }

  /** @returns What comes of these bytes, or of the end; undefined where that is nothing. */
  #compress (bytes?: Buffer): Frames | undefined {
    try {
      return bytes === undefined ? this.#compressor?.end() : this.#compressor?.compress(bytes)
    } catch (error) {
      this.#fail(error as Error)
      return undefined
    }
  }

  /** Breaks the body off. */
  #fail (error: Error): void {
    if (this.#readable !== undefined) {
      this.#readable.destroy(error)
    } else {
      this.onDestroyed()
      this.#response?.destroy()
    }
  }

  #handOnEncoded ({ bytes, chunk }: Frames): void {
    this.sentBytes += bytes.length
    if (bytes.length <= CHUNK_BYTES || (bytes.length <= SHARED_CHUNK_BYTES && this.#isChunked)) {
      this.#handOnPart(bytes, chunk)
      return
    }
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) this.#handOnPart(bytes.subarray(start, start + CHUNK_BYTES))
  }

  #handOnPart (bytes: Buffer, chunk?: Buffer): void {
    if (this.#response !== undefined) {
      this.#writeTo(this.#response, bytes, chunk)
    } else {
      this.#isWanted = false
      this.#readable?.push(bytes)
    }
  }

  #writeTo (response: ServerResponse, bytes: Buffer, chunk: Buffer | undefined): void {
    const hasRoom = this.#isChunked && chunk !== undefined ? writeChunk(response, chunk) : undefined
    if (hasRoom === true || (hasRoom ?? this.#writePlain(response, bytes)) || !this.#isWanted) return
    this.#isWanted = false
    response.once('drain', () => { this.#want() })
  }

  #writePlain (response: ServerResponse, bytes: Buffer): boolean {
    const hasRoom = response.write(bytes)
    this.#isChunked = isChunked(response)
    return hasRoom
  }

  #want (): void {
    this.#isWanted = true
    this.#giveRoom()
  }

  #giveRoom (): void {
    if (!this.#isWanted || !this.#isTurnOver) return
    this.#bytesBeforeTurn = this.bytes
    this.#settleRoom(true)
  }

  #settleRoom (room: boolean): void {
    this.#resolveRoom?.(room)
    this.#room = this.#resolveRoom = undefined
  }
}

function flush (body: Body): void {
  body.flush()
}

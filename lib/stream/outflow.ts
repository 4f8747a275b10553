import type { ServerResponse } from 'node:http'
import { isChunked, writeChunk } from './chunked-response.js'
import type { Frames } from './frame-source.js'
import { ReadableBody, type ReadableSource } from './readable-body.js'
import { abortResponse } from './response.js'

/** Bytes leave in chunks of at most this many, so that a slow reader's progress shows. */
export const CHUNK_BYTES = 64 * 1024

/** Frames that were framed as one chunk stay one up to here: apart, they take a turn of the event loop for each part. */
const SHARED_CHUNK_BYTES = 256 * 1024

/** Bytes, and the chunk around them where that was made. */
type Part = Pick<Frames, 'bytes'> & Partial<Frames>

/** Shared, since few ever have to wait. */
const NONE: Part[] = []

/** Who is told what becomes of an outflow. */
export interface OutflowOwner {
  /** Called whenever somebody reads by the Readable, and when a response is to be written to. */
  onRead: () => void
  /** Called when there is room again. */
  onWanted: () => void
  /** Called once, when nothing more can leave: the end was read, or whoever read has gone. */
  onClosed: () => void
}

/**
 * Where the bytes of a body leave: by a Readable, which Fastify and its onSend hooks get; or, where nothing was put between,
 * by the response itself ({@link writeTo}).
 */
export class Outflow implements ReadableSource {
  /** Bytes that have left. */
  bytes = 0
  /** Whether whoever takes them wants more. */
  isWanted = true
  isClosed = false
  /** By which bytes leave, and by which whoever reads them says that there is room; undefined once they need it no more. */
  #readable: ReadableBody | undefined
  #response: ServerResponse | undefined
  /** Whether the response is known to take chunks. */
  #isChunked = false
  #isEnded = false
  /** Parts that wait for the response to drain: in its own queue, none would be seen to leave before all have. */
  #waiting: Part[] = NONE
  #waitingBytes = 0
  readonly #owner: OutflowOwner

  /** @param isDirect Whether a response may be written to without Readable's part. */
  constructor (isDirect: boolean, owner: OutflowOwner) {
    this.#readable = new ReadableBody(this, isDirect)
    this.#owner = owner
  }

  /** What Fastify sends. */
  get readable (): ReadableBody | undefined {
    return this.#readable
  }

  /** Bytes that nobody has taken yet. */
  get queued (): number {
    return this.#waitingBytes + (this.#readable?.readableLength ?? 0)
  }

  write (frames: Frames): void {
    const { length } = frames.bytes
    this.bytes += length
    if (length <= CHUNK_BYTES || (length <= SHARED_CHUNK_BYTES && this.#isChunked)) this.#writePart(frames)
    else this.#writeParts(frames.bytes)
  }

  /** Nothing follows what was written. */
  end (): void {
    this.#isEnded = true
    if (this.#waiting.length === 0) this.#endNow()
  }

  /**
   * Writes straight to a response from now on, which is all that reads this body: by way of Readable a broadcast to 1,000
   * costs 13 % more CPU.
   *
   * @param needsReadable Whether the Readable still has to tell its end.
   */
  writeTo (response: ServerResponse, needsReadable: boolean): void {
    const readable = this.#readable
    // All of it: since Node 26, read() without a size takes only the first of what was pushed.
    const waiting: unknown = readable?.read(readable.readableLength)
    this.#response = response
    if (!needsReadable) this.#readable = undefined
    this.isWanted = true
    if (Buffer.isBuffer(waiting)) this.#writeParts(waiting)
    // It may have ended already, while onSend hooks took their time; what was just dropped would have told that.
    if (this.#isEnded && !needsReadable && this.#waiting.length === 0) this.#endNow()
    if (this.isWanted) this.#owner.onWanted()
  }

  /** Nothing more is wanted. */
  close (): void {
    if (this.#readable === undefined) this.#close()
    else this.#readable.destroy()
  }

  /** Breaks it off, so that what was read does not look complete. */
  abort (error: Error): void {
    if (this.#readable === undefined) this.onDestroyed()
    else this.#readable.destroy(error)
  }

  onRead (): void {
    this.#owner.onRead()
  }

  /** The Readable says that there is room. With a response, that is what counts. */
  onWanted (): void {
    if (this.#response !== undefined) return
    this.isWanted = true
    this.#owner.onWanted()
  }

  /** The Readable was destroyed. Where Fastify listens to it no more, an onSend hook may have done so. */
  onDestroyed (): void {
    if (this.isClosed) return
    this.#close()
    if (this.#readable === undefined && this.#response !== undefined) abortResponse(this.#response)
  }

  #close (): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#waiting = NONE
    this.#waitingBytes = 0
    this.#owner.onClosed()
  }

  #endNow (): void {
    if (this.#readable === undefined) this.#response?.end()
    else this.#readable.push(null)
  }

  #writeParts (bytes: Buffer): void {
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) this.#writePart({ bytes: bytes.subarray(start, start + CHUNK_BYTES) })
  }

  #writePart (part: Part): void {
    if (this.#response === undefined) {
      this.isWanted = false
      this.#readable?.push(part.bytes)
    } else if (this.isWanted) {
      this.#writeToResponse(this.#response, part)
    } else {
      if (this.#waiting === NONE) this.#waiting = []
      this.#waiting.push(part)
      this.#waitingBytes += part.bytes.length
    }
  }

  #writeToResponse (response: ServerResponse, { bytes, chunk }: Part): void {
    const hasRoom = this.#isChunked && chunk !== undefined ? writeChunk(response, chunk) : undefined
    if (hasRoom ?? this.#writePlain(response, bytes)) return
    this.isWanted = false
    response.once('drain', () => { this.#drain(response) })
  }

  #writePlain (response: ServerResponse, bytes: Buffer): boolean {
    const hasRoom = response.write(bytes)
    this.#isChunked = isChunked(response)
    return hasRoom
  }

  #drain (response: ServerResponse): void {
    if (this.isClosed) return
    this.isWanted = true
    while (this.isWanted) {
      const part = this.#waiting.shift()
      if (part === undefined) break
      this.#waitingBytes -= part.bytes.length
      this.#writeToResponse(response, part)
    }
    if (!this.isWanted) return
    if (this.#isEnded) this.#endNow()
    else this.#owner.onWanted()
  }
}

import type { ServerResponse } from 'node:http'
import { isChunked, writeChunk } from './chunked-response.js'
import type { Frames } from './frame-source.js'
import { ReadableBody, type ReadableSource } from './readable-body.js'

/** Bytes leave in chunks of at most this many, so that a slow reader's progress shows. */
export const CHUNK_BYTES = 64 * 1024

/** Frames that were framed as one chunk stay one up to here: apart, they take a turn of the event loop for each part. */
const SHARED_CHUNK_BYTES = 256 * 1024

/** Who is told what becomes of an outflow. */
export interface OutflowOwner {
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
    return this.#readable?.readableLength ?? 0
  }

  write ({ bytes, chunk }: Frames): void {
    this.bytes += bytes.length
    if (bytes.length <= CHUNK_BYTES || (bytes.length <= SHARED_CHUNK_BYTES && this.#isChunked)) {
      this.#writePart(bytes, chunk)
      return
    }
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) this.#writePart(bytes.subarray(start, start + CHUNK_BYTES))
  }

  /** Nothing follows what was written. */
  end (): void {
    this.#isEnded = true
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
    if (Buffer.isBuffer(waiting)) this.#writeToResponse(response, waiting, undefined)
    // It may have ended already, while onSend hooks took their time; what was just dropped would have told that.
    if (this.#isEnded && !needsReadable) response.end()
  }

  /** Nothing more is wanted. */
  close (): void {
    if (this.#readable === undefined) this.onDestroyed()
    else this.#readable.destroy()
  }

  /** Breaks it off, so that what was read does not look complete. */
  abort (error: Error): void {
    if (this.#readable === undefined) {
      this.onDestroyed()
      this.#response?.destroy()
    } else {
      this.#readable.destroy(error)
    }
  }

  /** The Readable says that there is room. With a response, that is what counts. */
  onWanted (): void {
    if (this.#response === undefined) this.#want()
  }

  onDestroyed (): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#owner.onClosed()
  }

  #writePart (bytes: Buffer, chunk?: Buffer): void {
    if (this.#response !== undefined) {
      this.#writeToResponse(this.#response, bytes, chunk)
    } else {
      this.isWanted = false
      this.#readable?.push(bytes)
    }
  }

  #writeToResponse (response: ServerResponse, bytes: Buffer, chunk: Buffer | undefined): void {
    const hasRoom = this.#isChunked && chunk !== undefined ? writeChunk(response, chunk) : undefined
    if (hasRoom === true || (hasRoom ?? this.#writePlain(response, bytes)) || !this.isWanted) return
    this.isWanted = false
    response.once('drain', () => { this.#want() })
  }

  #writePlain (response: ServerResponse, bytes: Buffer): boolean {
    const hasRoom = response.write(bytes)
    this.#isChunked = isChunked(response)
    return hasRoom
  }

  #want (): void {
    this.isWanted = true
    this.#owner.onWanted()
  }
}

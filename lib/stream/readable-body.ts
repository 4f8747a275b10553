import { type OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { isPlainReply } from './plain-reply.js'

/** What a readable body has its bytes from. */
export interface ReadableSource {
  /** Called whenever somebody reads, be there anything or not. */
  onRead: () => void
  /** Called when whoever reads wants more. */
  onWanted: () => void
  /** Called when the end was read, or whoever reads has gone. */
  onDestroyed: () => void
  /** Writes straight to the response. */
  writeTo: (response: ServerResponse, needsReadable: boolean) => void
}

/** The body of an event stream, as Fastify, its onSend hooks and whatever they put behind it read it. */
export class ReadableBody extends Readable {
  readonly #source: ReadableSource
  readonly #isDirect: boolean

  /** @param isDirect Whether a response is written to without Readable's part, where it is all that reads this. */
  constructor (source: ReadableSource, isDirect: boolean) {
    // No read-ahead: `_read` then means that the consumer really has room.
    super({ highWaterMark: 0 })
    this.#source = source
    this.#isDirect = isDirect
    // A consumer such as pipeline() may destroy this with an error. It is handled by whoever destroyed it; unheard, it
    // would end the process.
    this.on('error', ignore)
  }

  /**
   * Answers as Fastify does with a stream, but for its listeners on both ends: those take 3 KB of heap for every stream, and
   * an eighth of the CPU time to open and close one. For the last of the onSend hooks.
   *
   * @returns Whether it has; if not, Fastify has to.
   * @throws Where a header can't be sent.
   */
  answer (reply: FastifyReply): boolean {
    const { raw } = reply
    if (this.#isTaken || this.#isHeard || !isPlainReply(reply)) return false
    writeHead(raw, reply.getHeaders() as OutgoingHttpHeaders)
    raw.on('error', ignore) // like Fastify's own listeners: its end says enough
    this.#source.writeTo(raw, false)
    return true
  }

  /** What Readable does; but where a response is all that reads this, it is written to without Readable's part. */
  override pipe<T extends NodeJS.WritableStream> (destination: T, options?: { end?: boolean | undefined }): T {
    if (this.#isTaken || !(destination instanceof ServerResponse)) return super.pipe(destination, options)
    this.#source.writeTo(destination, true)
    if (options?.end !== false) this.once('end', () => { destination.end() })
    this.resume() // which tells the end, all that is left to tell
    return destination
  }

  // `_read` comes too late to tell that somebody reads: not before all is gone that was there, and never after its end.
  override read (size?: number): unknown {
    this.#source.onRead()
    return super.read(size)
  }

  override _read (): void {
    this.#source.onWanted()
  }

  override _destroy (error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.onDestroyed()
    callback(error)
  }

  /** Whether somebody wants to know what becomes of it. Fastify has not listened yet, and this itself to errors alone. */
  get #isHeard (): boolean {
    return this.listenerCount('end') + this.listenerCount('close') > 0 || this.listenerCount('error') > 1
  }

  /** Whether somebody reads this already, or it was paused, or destroyed. */
  get #isTaken (): boolean {
    return !this.#isDirect || this.readableFlowing !== null || this.destroyed
  }
}

/** A header that can't be sent leaves the response as it was, for the error that is sent instead. */
function writeHead (response: ServerResponse, headers: OutgoingHttpHeaders): void {
  const { statusMessage } = response
  const names = response.getHeaderNames()
  // What is there already is written as it is, with the case of its name.
  for (const name of names) if (headers[name] === response.getHeader(name)) delete headers[name]
  try {
    response.writeHead(response.statusCode, headers)
  } catch (error) {
    response.statusMessage = statusMessage
    for (const name of response.getHeaderNames()) if (!names.includes(name)) response.removeHeader(name)
    throw error
  }
}

function ignore (): void {}

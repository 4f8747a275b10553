import { Duplex } from 'node:stream'

type Callback = (error?: Error | null) => void

/** A connection as the server sees it. Its client reads when the schedule says so, and may be cut off after any byte. */
export class Cable extends Duplex {
  readonly remoteAddress = '127.0.0.1'
  readonly timeout = 0
  isStalled = false
  /** Whether its client has ever let it wait. */
  wasStalled = false
  /** Whether its client has left, or has said that it is about to. */
  isLeft = false
  isReset = false
  readonly #received: Buffer[] = []
  #hasEnded = false
  #isToldEnd = false
  #held: { bytes: Buffer, callback: Callback } | undefined

  constructor () {
    super()
    this.on('error', () => {}) // a client's reset; the server listens as well
  }

  /** All that its client has read. */
  get received (): Buffer {
    return Buffer.concat(this.#received)
  }

  ask (request: string): void {
    if (!this.isLeft && !this.destroyed && !this.readableEnded) this.push(request, 'latin1')
  }

  stall (): void {
    this.isStalled = this.wasStalled = true
  }

  /** Reads on. */
  readOn (): void {
    this.isStalled = false
    this.sip()
    this.#hangUp()
  }

  /** Takes what waits, and lets the next wait. */
  sip (): void {
    const held = this.#held
    if (held === undefined || this.destroyed) return
    this.#held = undefined
    this.#received.push(held.bytes)
    held.callback()
  }

  /** Its client leaves. Of what waits it has got this part of 1, never all. */
  leave (how: 'close' | 'reset' | 'end', part: number): void {
    if (this.destroyed) return
    if (how === 'end') {
      if (!this.#hasEnded) this.push(null)
      this.#hasEnded = true
      this.isLeft ||= !this.#isToldEnd
      return
    }
    this.isLeft = true
    if (this.#held !== undefined) this.#received.push(this.#held.bytes.subarray(0, Math.floor(part * this.#held.bytes.length)))
    this.destroy(how === 'reset' ? Object.assign(new Error('reset by the schedule'), { code: 'ECONNRESET' }) : undefined)
  }

  // What node:http calls beside the methods of a Duplex.

  setTimeout (): this {
    return this
  }

  destroySoon (): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => { this.destroy() })
  }

  resetAndDestroy (): this {
    this.isReset = true
    return this.destroy()
  }

  override _read (): void {}

  override _write (bytes: Buffer, _encoding: string, callback: Callback): void {
    if (this.isStalled) {
      this.#held = { bytes, callback }
    } else {
      this.#received.push(bytes)
      callback()
    }
  }

  override _writev (chunks: Array<{ chunk: Buffer }>, callback: Callback): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), '', callback)
  }

  override _final (callback: Callback): void {
    this.#isToldEnd = true
    callback()
    setImmediate(() => { this.#hangUp() })
  }

  override _destroy (error: Error | null, callback: Callback): void {
    const held = this.#held
    this.#held = undefined
    callback(error)
    held?.callback(error ?? new Error('the connection was closed'))
  }

  /** Its client has read the end, and ends as well. */
  #hangUp (): void {
    if (this.#isToldEnd && !this.isStalled) this.leave('end', 0)
  }
}

import { connect } from 'node:net'

/** Per read, the same for all: what is read is copied at once. */
const READ_BUFFER = Buffer.alloc(64 * 1024)

/** @typedef {(bytes: Buffer, length: number) => boolean} IsThere Of the bytes, as many as `length` have been received. */

/** One raw socket that asks for the stream and keeps what comes. */
export class Subscriber {
  #socket
  #store
  #length = 0
  /** @type {Error | undefined} */
  #failure
  /** @type {IsThere | undefined} */
  #isThere
  /** @type {(length: number) => void} */
  #onRead
  /** @type {(error?: Error) => void} */
  #done = () => {}

  /**
   * @param {number} port
   * @param {Buffer} store Room for all that it will receive.
   * @param {object} [how]
   * @param {string} [how.path] What it asks for.
   * @param {(length: number) => void} [how.onRead] Called after each read, with how much there is now.
   */
  constructor (port, store, { path = '/', onRead = () => {} } = {}) {
    this.#store = store
    this.#onRead = onRead
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      onread: { buffer: READ_BUFFER, callback: size => this.#take(size) }
    })
    this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\n\r\n`)
    this.#socket.on('error', error => { this.#fail(error) })
    this.#socket.on('close', () => { this.#fail(new Error(`a connection closed after ${this.#length} bytes`)) })
  }

  get received () {
    return this.#store.subarray(0, this.#length)
  }

  /**
   * Calls back once, now or later.
   *
   * @param {IsThere} isThere
   * @param {(error?: Error) => void} done
   */
  when (isThere, done) {
    if (this.#failure !== undefined) return done(this.#failure)
    if (isThere(this.#store, this.#length)) return done()
    this.#isThere = isThere
    this.#done = done
  }

  /** Forgets what has been received, but for the last bytes. @param {number} [kept] */
  forget (kept = 0) {
    if (kept > 0) this.#store.copyWithin(0, this.#length - kept, this.#length)
    this.#length = kept
  }

  leave () {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #take (size) {
    if (this.#length + size > this.#store.length) {
      this.#fail(new Error(`a subscriber gets more bytes than there should be: ${this.#length + size}`))
      return false
    }
    READ_BUFFER.copy(this.#store, this.#length, 0, size)
    this.#length += size
    this.#onRead(this.#length)
    if (this.#isThere?.(this.#store, this.#length)) {
      this.#isThere = undefined
      this.#done()
    }
    return true
  }

  #fail (error) {
    this.#failure ??= error
    if (this.#isThere === undefined) return
    this.#isThere = undefined
    this.#done(this.#failure)
  }
}

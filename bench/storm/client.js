import { connect } from 'node:net'

const DATA = 'data: {"n":'
const ID = 'id: '
const RETRY = 'retry: '

/** What a stream begins with says how long to wait; one that ends soon says it once more. */
const DEFAULT_RETRY_MS = 2_000

/** One client on a bare socket, which comes back as an EventSource does, and keeps account of what it gets. */
export class Client {
  /** The number of the last event; they are published as 1, 2, 3 … */
  last = 0
  lost = 0
  doubled = 0
  sinceLeft = 0
  connectionsSinceLeft = 0
  isOpen = false
  #port
  #socket
  #id
  #retryMs = DEFAULT_RETRY_MS
  #rest = ''
  #wanted
  #isWanted = false

  constructor (port) {
    this.#port = port
  }

  get isWaiting () {
    return this.#wanted !== undefined
  }

  connect () {
    this.connectionsSinceLeft++
    this.#rest = ''
    this.#isWanted = true
    const id = this.#id === undefined ? '' : `last-event-id: ${this.#id}\r\n`
    const socket = this.#socket = connect({ host: '127.0.0.1', port: this.#port })
    socket.setEncoding('latin1')
    socket.write(`GET / HTTP/1.1\r\nhost: storm\r\naccept: text/event-stream\r\n${id}\r\n`)
    socket.on('data', text => { this.#read(text) })
    socket.on('error', () => {}) // it closes
    socket.on('close', () => { this.#onClose() })
  }

  /** Cuts the connection, and does not come back before {@link connect}. */
  leave () {
    this.#isWanted = false
    this.isOpen = false
    this.sinceLeft = this.connectionsSinceLeft = 0
    this.#socket.destroy()
  }

  /** Resolves when its stream has begun. */
  async started () {
    await this.#until(() => this.#id !== undefined)
  }

  /** Resolves when it has an event. */
  async received (n) {
    await this.#until(() => this.last >= n)
  }

  async #until (condition) {
    if (!condition()) await new Promise(resolve => { this.#wanted = { condition, resolve } })
  }

  #onClose () {
    this.isOpen = false
    if (this.#isWanted) setTimeout(() => { if (this.#isWanted) this.connect() }, this.#retryMs)
  }

  #read (text) {
    this.isOpen = true
    const all = this.#rest + text
    const end = all.lastIndexOf('\n') + 1
    this.#rest = all.slice(end)
    for (let from = 0; from < end;) {
      const to = all.indexOf('\n', from)
      this.#line(all.slice(from, to))
      from = to + 1
    }
    if (this.#wanted?.condition() === true) {
      this.#wanted.resolve()
      this.#wanted = undefined
    }
  }

  #line (line) {
    if (line.startsWith(DATA)) this.#event(Number(line.slice(DATA.length, line.indexOf(',', DATA.length))))
    else if (line.startsWith(ID)) this.#id = line.slice(ID.length)
    else if (line.startsWith(RETRY)) this.#retryMs = Number(line.slice(RETRY.length))
    else if (line === '0\r') this.#socket.end() // the last chunk: the stream has ended
  }

  #event (n) {
    this.sinceLeft++
    if (n <= this.last) this.doubled++
    // Who has never been told where it stands has missed nothing.
    else if (this.last > 0) this.lost += n - this.last - 1
    this.last = Math.max(n, this.last)
  }
}

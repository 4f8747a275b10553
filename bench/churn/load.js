// The load generator, a process of its own: clients on raw sockets that come, wait for the end of what they want, and go,
// each followed by another one.
import { connect } from 'node:net'
import { checkPrices } from '../prices.js'
import { bodyOf } from '../response.js'

/** From the request to the end of what is wanted. Not a time of silence: heartbeats would go on forever. */
const TIMEOUT_MS = 60_000

/** Per read, the same for all: what is read is copied at once. */
const READ_BUFFER = Buffer.alloc(64 * 1024)

process.on('message', async message => {
  try {
    await new Visits(message).finished
    process.send({})
  } catch (error) {
    process.send({ error: error.message })
  }
})
process.on('disconnect', () => { process.exit() })

class Visits {
  #visits
  #request
  #until
  #begun = 0
  /** What was right once needs no second look. */
  #right

  /**
   * @param {object} visits
   * @param {number} visits.port
   * @param {string} visits.path
   * @param {string} visits.headers Lines of request headers, each with its end.
   * @param {string} visits.until What a client has last when it has everything.
   * @param {number} visits.count Clients in all.
   * @param {number} visits.atATime
   * @param {boolean} visits.keepsAlive Whether the next client takes the same connection.
   * @param {number | undefined} visits.events That each should have; undefined: all have to have the same, whatever it is.
   * @param {number} visits.bytes Room for what one gets.
   */
  constructor (visits) {
    const { port, path, headers, until, count, atATime, bytes } = visits
    this.#visits = visits
    this.#request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\n${headers}\r\n`)
    this.#until = Buffer.from(until)
    this.finished = Promise.all(Array.from({ length: Math.min(atATime, count) }, () => this.#inTurns(Buffer.alloc(bytes))))
  }

  /** One client after the other, as long as there are some. */
  async #inTurns (store) {
    let connection
    while (this.#begun < this.#visits.count) {
      this.#begun++
      connection ??= new Connection(this.#visits.port, store)
      this.#check(await connection.ask(this.#request, this.#until))
      if (this.#visits.keepsAlive) continue
      connection.leave()
      connection = undefined
    }
    connection?.leave()
  }

  #check (bytes) {
    const body = bodyOf(bytes)
    if (body === this.#right) return
    const { events } = this.#visits
    if (events !== undefined) checkPrices(body, events)
    else if (this.#right !== undefined) throw new Error(`two clients should get the same, instead one got ${body.slice(0, 100)}`)
    this.#right = body
  }
}

class Connection {
  #socket
  #store
  #length = 0
  #until
  #resolve = () => {}
  #reject = () => {}

  constructor (port, store) {
    this.#store = store
    this.#socket = connect({ host: '127.0.0.1', port, onread: { buffer: READ_BUFFER, callback: size => this.#take(size) } })
    this.#socket.on('error', error => { this.#reject(error) })
    this.#socket.on('close', () => { this.#reject(new Error(`a connection closed after ${this.#length} bytes`)) })
  }

  /** @returns {Promise<Buffer>} */
  ask (request, until) {
    return new Promise((resolve, reject) => {
      this.#length = 0
      this.#until = until
      const timer = setTimeout(() => { reject(new Error(`no end after ${TIMEOUT_MS} ms and ${this.#length} bytes`)) }, TIMEOUT_MS)
      this.#resolve = bytes => {
        clearTimeout(timer)
        resolve(bytes)
      }
      this.#reject = reject
      this.#socket.write(request)
    })
  }

  leave () {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #take (size) {
    if (this.#length + size > this.#store.length) {
      this.#reject(new Error(`a client gets more bytes than there should be: ${this.#length + size}`))
      return false
    }
    READ_BUFFER.copy(this.#store, this.#length, 0, size)
    this.#length += size
    const { length } = this.#until
    if (this.#length >= length && this.#until.compare(this.#store, this.#length - length, this.#length) === 0) {
      this.#resolve(this.#store.subarray(0, this.#length))
    }
    return true
  }
}

import { connect, type Socket } from 'node:net'
import type { Random } from '../proof/random.js'
import { Ledger, note, type Totals } from './ledger.js'
import { type ReadEvent, Reader } from './reader.js'

/** What clients have met, all together. */
export interface Meetings {
  connections: number
  /** Connections that nobody accepted, since an instance was away. */
  refusedConnections: number
  /** Answers after which no EventSource would come back. */
  finalAnswers: number
}

export interface ClientSettings {
  readonly path: string
  /** The topics whose events it should get. */
  readonly topics: readonly string[]
  /** Of the instances, or of the one balancer before them. */
  readonly ports: readonly [number, ...number[]]
  readonly random: Random
  readonly totals: Totals
  readonly meetings: Meetings
}

/** How a client goes: it closes its connection, or is gone from one moment to the next. */
export type Parting = 'close' | 'reset'

/** What a stream begins with says how long to wait; one that ends soon says it once more. */
const DEFAULT_RETRY_MS = 2_000

/** One client on a bare socket, which comes back as an EventSource does, and keeps account of what it gets. */
export class Client {
  readonly #settings: ClientSettings
  #ledger: Ledger
  #socket: Socket | undefined
  #retry: NodeJS.Timeout | undefined
  #id: string | undefined
  #retryMs = DEFAULT_RETRY_MS
  #isWanted = false
  #isBegun = false
  #isPaused = false

  constructor (settings: ClientSettings) {
    this.#settings = settings
    this.#ledger = new Ledger(settings.totals, settings.path)
  }

  /** Whether it reads a stream that has begun, and knows where it stands. */
  get isLive (): boolean {
    return this.#isBegun && this.#id !== undefined && this.#isWanted && !this.#isPaused
  }

  /** Whether it has read events up to these, of its topics. */
  has (last: Readonly<Record<string, number>>): boolean {
    return this.#ledger.has(this.#settings.topics, last)
  }

  get isBlank (): boolean {
    return this.#ledger.isBlank
  }

  connect (): void {
    const { path, ports, random, meetings } = this.#settings
    clearTimeout(this.#retry)
    this.#isWanted = true
    meetings.connections++
    const id = this.#id === undefined ? '' : `last-event-id: ${this.#id}\r\n`
    const socket = connect({ host: '127.0.0.1', port: random.pick(ports) })
    this.#socket = socket
    const reader = new Reader({
      onStatus: status => { this.#onStatus(status) },
      onEvent: event => { this.#take(event) },
      onRetry: retryMs => { this.#retryMs = retryMs },
      onComplete: () => { socket.end() }
    })
    socket.setEncoding('latin1')
    socket.write(`GET ${path} HTTP/1.1\r\nhost: soak\r\naccept: text/event-stream\r\n${id}\r\n`)
    // What arrives after it has gone is not read, as in a process that has ended.
    socket.on('data', (text: string) => { if (socket === this.#socket) reader.push(text) })
    socket.on('error', ({ code }: NodeJS.ErrnoException) => { if (code === 'ECONNREFUSED') meetings.refusedConnections++ }) // it closes
    socket.on('close', () => { if (socket === this.#socket) this.#onClose() })
  }

  /** Goes, and does not come back before {@link connect}. */
  leave (how: Parting): void {
    clearTimeout(this.#retry)
    this.#isWanted = this.#isBegun = this.#isPaused = false
    const socket = this.#socket
    this.#socket = undefined
    if (how === 'reset') socket?.resetAndDestroy()
    else socket?.destroy()
  }

  /** Loses its connection, and comes back by itself. */
  cut (): void {
    this.#socket?.resetAndDestroy()
  }

  /** Does not read, and keeps its connection. */
  pause (): void {
    this.#isPaused = true
    this.#socket?.pause()
  }

  resume (): void {
    this.#isPaused = false
    this.#socket?.resume()
  }

  /** Makes it another client, one that has got nothing. */
  forget (): void {
    this.#ledger = new Ledger(this.#settings.totals, this.#settings.path)
    this.#id = undefined
    this.#retryMs = DEFAULT_RETRY_MS
  }

  #onStatus (status: number): void {
    if (status === 200) this.#isBegun = true
    else {
      this.#settings.meetings.finalAnswers++
      note(this.#settings.totals, `${this.#settings.path}: was answered ${status}`)
    }
  }

  #onClose (): void {
    this.#isBegun = this.#isPaused = false
    if (this.#isWanted) this.#retry = setTimeout(() => { this.connect() }, this.#retryMs)
  }

  #take ({ event, data, id }: ReadEvent): void {
    if (id !== undefined) this.#id = id
    if (event === 'stream-gap') this.#ledger.gap()
    if (event !== 'tick') return
    const { topic, n } = JSON.parse(data) as { topic: string, n: number }
    this.#ledger.take(topic, n)
  }
}

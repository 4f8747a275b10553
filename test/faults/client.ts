import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import type { Random } from '../proof/random.js'
import type { Got } from './account.js'

/** A reader of an event stream that does what EventSource does: it comes back, to whichever instance, with its last event ID. */
export class Client {
  /** All that it got, and has not been accounted for. */
  readonly got: Got[] = []
  connections = 0
  /** Of events, the last. */
  newest = 0
  /** What would have made an EventSource give up. */
  failure: Error | undefined
  #lastEventId: string | undefined
  readonly #path: string
  readonly #random: Random
  readonly #ports: () => readonly number[]
  readonly #onEvent: (n: number, id: string) => void
  #open: ClientRequest | undefined
  #isEnded = false
  #held: Promise<void> | undefined

  constructor (path: string, random: Random, ports: () => readonly number[], onEvent: (n: number, id: string) => void) {
    this.#path = path
    this.#random = random
    this.#ports = ports
    this.#onEvent = onEvent
  }

  /** Connects again and again. */
  async run (): Promise<void> {
    while (!this.#isEnded && this.failure === undefined) {
      await this.#held
      const [first, ...rest] = this.#ports()
      if (first !== undefined && !this.#isEnded) await this.#connect(this.#random.pick([first, ...rest]))
      await delay(10 + this.#random.below(60))
    }
  }

  /** Loses its connection. */
  leave (): void {
    this.#open?.destroy()
  }

  /** Stays away until the promise resolves. */
  stayAway (until: Promise<void>): void {
    this.#held = until
    this.leave()
  }

  end (): void {
    this.#isEnded = true
    this.leave()
  }

  /** What it has got of late. */
  describe (): string {
    return `${this.#path} of ${this.#lastEventId}, on its ${this.connections}. connection, ${this.#open === undefined ? 'away' : 'connected'}`
  }

  async #connect (port: number): Promise<void> {
    this.connections++
    await new Promise<void>(resolve => {
      const headers = { accept: 'text/event-stream', ...this.#lastEventId !== undefined && { 'last-event-id': this.#lastEventId } }
      const sent = request({ host: '127.0.0.1', port, path: this.#path, agent: false, headers })
      this.#open = sent
      const over = (): void => {
        this.#open = undefined
        resolve()
      }
      sent.on('error', () => {}) // nobody is there, or not any more; 'close' follows
      sent.on('close', over)
      sent.on('response', response => {
        // What has arrived is read first, even if the connection is closed by now.
        sent.off('close', over)
        response.on('error', () => {}) // cut off
        response.on('close', over)
        this.#read(response)
      })
      sent.end()
    })
  }

  #read (response: IncomingMessage): void {
    if (response.statusCode !== 200) {
      this.failure = new Error(`${this.describe()} was answered ${response.statusCode}`)
      response.on('data', (body: Buffer) => { (this.failure as Error).message += `: ${body.toString()}` })
      return
    }
    const parser = createParser({ onEvent: ({ event = 'message', id = '', data }) => { this.#take(event, id, data) } })
    response.on('data', (bytes: Buffer) => { parser.feed(bytes.toString('latin1')) }) // these events are ASCII
  }

  #take (event: string, id: string, data: string): void {
    const { n, ...said } = JSON.parse(data) as { n: number } | Record<string, never> ?? {}
    this.#lastEventId = id
    if (event === 'tick') {
      this.newest = n as number
      this.#onEvent(this.newest, id)
      this.got.push({ event, id, n: this.newest })
    } else {
      this.got.push({ event, id, ...said } as unknown as Got)
    }
  }
}

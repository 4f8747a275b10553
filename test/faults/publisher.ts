import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../proof/random.js'
import type { ChannelName, Order, Outcome } from './channels.js'
import type { Ledger } from './ledger.js'

/** Errors that say that nothing was stored. */
const REFUSALS = ['FST_ERR_SSE_BROKER_UNAVAILABLE', 'FST_ERR_SSE_BROKER_OVERLOADED', 'FST_ERR_SSE_CHANNEL_CLOSED', 'not sent']

/** Errors after which nobody knows. */
const DOUBTS = ['FST_ERR_SSE_PUBLISH_UNCERTAIN', 'no answer']

/** How long publishers wait for an answer, in milliseconds: most wait longer than an instance does, some are in a hurry. */
const PATIENCE = [300, 1_000, 8_000, 8_000, 8_000] as const

/** Asks instances to publish, and keeps the ledger. */
export class Publisher {
  /** Errors that no fault explains. */
  readonly failures: string[] = []
  readonly #ledger: Ledger
  readonly #random: Random
  readonly #ports: () => readonly number[]

  constructor (ledger: Ledger, random: Random, ports: () => readonly number[]) {
    this.#ledger = ledger
    this.#random = random
    this.#ports = ports
  }

  /** Publishes until the signal aborts, each event once, one batch after the other. */
  async publish (channels: readonly [ChannelName, ...ChannelName[]], pauseMs: number, signal: AbortSignal): Promise<void> {
    const publisher = this.#random.below(2 ** 32)
    while (!signal.aborted) {
      await this.#publishOnce(this.#orders(this.#random.pick(channels), 1 + this.#random.below(4), publisher))
      await delay(this.#random.below(2 * pauseMs))
    }
  }

  /** The same with idempotency keys, each until it is acknowledged, wherever it was tried before. */
  async publishSurely (channels: readonly [ChannelName, ...ChannelName[]], pauseMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.insist(this.#random.pick(channels), 1 + this.#random.below(4))
      await delay(this.#random.below(2 * pauseMs))
    }
  }

  /** @returns The last event that was acknowledged. */
  async insist (channel: ChannelName, count: number): Promise<{ n: number, id: string }> {
    const { orders } = this.#orders(channel, count)
    let last: { n: number, id: string } | undefined
    for (let left = orders; left.length > 0 && this.failures.length === 0;) {
      const outcomes = await this.#send(channel, left)
      left = left.filter(({ n }, i) => {
        const outcome = outcomes[i] as Outcome
        if ('id' in outcome) {
          this.#ledger.acknowledge(n, outcome.id)
          last = { n, id: outcome.id }
        }
        return !('id' in outcome)
      })
      if (left.length > 0) await delay(50)
    }
    if (last === undefined) throw new Error(`nothing was published: ${this.failures.join()}`)
    return last
  }

  #orders (channel: ChannelName, count: number, publisher?: number): { channel: ChannelName, orders: Order[] } {
    const orders = Array.from({ length: count }, () => {
      const n = this.#ledger.issue(channel, publisher)
      const pad = 'x'.repeat(this.#random.below(this.#random.chance(0.02) ? 20_000 : 200))
      return { n, pad, key: publisher === undefined ? `event ${n}` : undefined }
    })
    return { channel, orders }
  }

  async #publishOnce ({ channel, orders }: { channel: ChannelName, orders: Order[] }): Promise<void> {
    const outcomes = await this.#send(channel, orders)
    orders.forEach(({ n }, i) => {
      const outcome = outcomes[i] as Outcome
      if ('id' in outcome) this.#ledger.acknowledge(n, outcome.id)
      else if (REFUSALS.includes(outcome.code)) this.#ledger.refuse(n)
    })
  }

  /** Asks an instance. Never rejects. */
  async #send (channel: ChannelName, orders: Order[]): Promise<Outcome[]> {
    const [first, ...rest] = this.#ports()
    const failed = (code: string): Outcome[] => orders.map(() => ({ code }))
    if (first === undefined) return failed('not sent')
    const [status, body] = await post(this.#random.pick([first, ...rest]), `/${channel}`, JSON.stringify(orders), this.#random.pick(PATIENCE))
    if (status === 503) return failed('not sent') // an instance that closes
    const outcomes = status === 200 ? JSON.parse(body) as Outcome[] : failed(body)
    for (const outcome of outcomes) {
      if ('code' in outcome && ![...REFUSALS, ...DOUBTS].includes(outcome.code)) this.failures.push(`publishing failed with ${outcome.code}`)
    }
    return outcomes
  }
}

/** Resolves with the status, 0 where there is none, and the body or what happened. */
async function post (port: number, path: string, body: string, withinMs: number): Promise<[status: number, body: string]> {
  return await new Promise(resolve => {
    const sent = request({
      host: '127.0.0.1', port, path, method: 'POST', agent: false, headers: { 'content-type': 'application/json' }, signal: AbortSignal.timeout(withinMs)
    }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
      response.on('error', () => { resolve([0, 'no answer']) })
      response.on('end', () => { resolve([response.statusCode as number, text]) })
    })
    sent.on('error', (error: NodeJS.ErrnoException) => { resolve([0, error.code === 'ECONNREFUSED' ? 'not sent' : 'no answer']) })
    sent.end(body)
  })
}

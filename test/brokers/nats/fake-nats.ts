import type { Msg, NatsConnection, Status } from '@nats-io/nats-core'
import fastify from 'fastify'
import type { Test } from 'tap'
import { Link } from '../../../lib/brokers/nats/link.js'
import { NatsLog } from '../../../lib/brokers/nats/log.js'
import type { LogOptions } from '../../../types/broker.js'
import { EVERYTHING } from '../conformance/harness.js'
import { TIMEOUT_MS } from './fixtures.js'

/** What was sent to the server. */
export interface Sent {
  readonly subject: string
  readonly text: string
  readonly reply: string
}

/** What the server sends. */
export interface Answer {
  readonly text?: string
  /** A status instead of data. */
  readonly code?: number
  /** Where it does not go to who has asked. */
  readonly subject?: string
  readonly reply?: string
  readonly seq?: number
}

const SILENT = fastify({ logger: false }).log

/** A server of which a test decides what it says, for what a real one rarely says. */
export class FakeNats {
  info: { server_id: string, jetstream: boolean, max_payload: number } | undefined = { server_id: 'NA', jetstream: true, max_payload: 1_000 }
  readonly sent: Sent[] = []
  /** Answers a request, or not. */
  onSent: (sent: Sent) => Answer | Answer[] | undefined = () => undefined
  readonly connection: NatsConnection
  readonly #callbacks = new Map<string, (error: Error | null, message: Msg) => void>()
  #tell: (status: Status) => void = () => {}

  constructor (t: Test) {
    // As a socket would: nobody's timers keep the process alive.
    const alive = setInterval(() => {}, 10_000)
    t.teardown(() => { clearInterval(alive) })
    const { sent } = this
    const info = (): unknown => this.info
    this.connection = {
      options: {},
      get info () { return info() },
      isClosed: () => false,
      isDraining: () => false,
      publish: (subject: string, payload: string | Uint8Array, { reply = '' } = {}) => {
        const request = { subject, text: Buffer.from(payload).toString(), reply }
        sent.push(request)
        queueMicrotask(() => { for (const answer of [this.onSent(request) ?? []].flat()) this.send({ subject: reply, ...answer }) })
      },
      subscribe: (subject: string, { callback }: { callback: (error: Error | null, message: Msg) => void }) => {
        this.#callbacks.set(subject, callback)
        return { unsubscribe: () => { this.#callbacks.delete(subject) } }
      },
      status: () => this.#statuses()
    } as unknown as NatsConnection
  }

  /** Sends to who is subscribed. */
  send ({ subject = '', text = '', code = 0, reply = '', seq = 0 }: Answer): void {
    const headers = { code, get: () => `${seq}` }
    const message = { subject, reply, data: Buffer.from(text), headers, json: () => JSON.parse(text) as unknown } as unknown as Msg
    for (const [pattern, callback] of this.#callbacks) {
      if (subject.startsWith(pattern.slice(0, -1)) || (subject.startsWith('to-') && pattern.endsWith('*'))) callback(null, message)
    }
  }

  /** Lets all subscriptions fail. */
  fail (error: Error): void {
    for (const callback of this.#callbacks.values()) callback(error, {} as unknown as Msg)
  }

  say (status: Status): void {
    this.#tell(status)
  }

  link (): Link {
    return new Link(this.connection)
  }

  log (options: Partial<LogOptions> = {}): NatsLog {
    const settings = { prefix: 'sse', replicas: 1, storage: 'file', timeoutMs: TIMEOUT_MS, maxPendingBytes: 10_000 } as const
    return new NatsLog(this.link(), settings, { name: 'a', retention: EVERYTHING, idempotencyWindowMs: 1_000, log: SILENT, ...options })
  }

  async * #statuses (): AsyncGenerator<Status> {
    for (;;) yield await new Promise<Status>(resolve => { this.#tell = resolve })
  }
}

/** What JetStream says about a stream that has messages from 1 to this. */
export function infoOf (last: number): Answer {
  const config = { max_msgs: 100_000, max_bytes: -1, max_msgs_per_subject: -1, max_age: 0, duplicate_window: 1e9, num_replicas: 1 }
  return { text: JSON.stringify({ created: '2026-01-01T00:00:00Z', config, state: { messages: last, first_seq: 1, last_seq: last } }) }
}

/** A refusal of JetStream. */
export function errorOf (code: number, errCode?: number): Answer {
  return { text: JSON.stringify({ error: { code, err_code: errCode } }) }
}

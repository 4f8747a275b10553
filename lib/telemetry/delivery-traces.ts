import { channel } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import type { StoredRecord } from '../../types/broker.js'
import type { ChannelDeliverMessage } from '../../types/telemetry.js'

const delivered = channel('fastify-typed-sse:channel:deliver')

/** Keeps whose doing the events are that have come, until they were written. */
export class DeliveryTraces {
  readonly #app: FastifyInstance
  readonly #channel: string
  #waiting: Array<{ readonly offset: number, readonly trace: string }> = []
  #epoch: string | undefined

  constructor (app: FastifyInstance, channel: string) {
    this.#app = app
    this.#channel = channel
  }

  /** A record has come. Nothing is kept where nobody wants to know. */
  add ({ offset, trace }: StoredRecord, epoch: string): void {
    if (trace === undefined || !delivered.hasSubscribers) return
    if (epoch !== this.#epoch) this.#waiting = [] // where those stand, nothing will be written any more
    this.#epoch = epoch
    this.#waiting.push({ offset, trace })
  }

  /** All that has come up to this offset was written. */
  settle (offset: number): void {
    if (this.#waiting.length === 0) return
    const isWritten = (waiting: { offset: number }): boolean => waiting.offset <= offset
    const traces = this.#waiting.filter(isWritten).map(({ trace }) => trace)
    this.#waiting = this.#waiting.filter(waiting => !isWritten(waiting))
    if (traces.length === 0) return
    delivered.publish({ app: this.#app, channel: this.#channel, traces } satisfies ChannelDeliverMessage)
  }
}

import type { FastifyBaseLogger } from 'fastify'
import type { StoredRecord } from '../../types/broker.js'
import type { EventStream } from '../../types/event.js'
import type { DecodedEvent, EncodedEvent, StreamCodec } from '../schema/codec.js'
import { Message, type MessageCodec } from './message.js'

/** What takes the place of an event that can't be written. */
const COMMENT = ':\n\n'

/** Makes the messages of a channel: one for each record in this process, however many read it. */
export class MessageFactory implements MessageCodec {
  readonly #stream: EventStream
  readonly #compile: () => StreamCodec
  readonly #log: FastifyBaseLogger
  readonly #unreadable = new Set<string>()
  #codec: StreamCodec | undefined

  /** @param compile Called once, when the codec is needed. */
  constructor (stream: EventStream, compile: () => StreamCodec, log: FastifyBaseLogger) {
    this.#stream = stream
    this.#compile = compile
    this.#log = log
  }

  /** @throws FST_ERR_SSE_SCHEMA_BUILD */
  compile (): StreamCodec {
    this.#codec ??= this.#compile()
    return this.#codec
  }

  /** @throws FST_ERR_SSE_INVALID_EVENT and its kin */
  encode (event: unknown): EncodedEvent {
    return this.compile().encodeParts(event)
  }

  of (record: StoredRecord, epoch: string): Message {
    const { cache } = record
    // Another app that shares the broker may have left its own there, made by its own schemas.
    if (cache instanceof Message && cache.codec === this) return cache
    const message = new Message(record, this, epoch)
    record.cache = message
    return message
  }

  /** Encodes an event that has no place in the channel. */
  ofSnapshot (event: unknown): Message {
    return new Message({ ...this.encode(event), offset: 0 }, this, undefined)
  }

  frameOf (record: StoredRecord): string {
    try {
      return this.compile().frameOf(record)
    } catch (err) {
      // Thrown on, it would keep all subscribers from what comes after it, and end the process.
      this.#warn(record.event, err, 'written, so a comment takes its place')
      return COMMENT
    }
  }

  decode (record: StoredRecord): DecodedEvent | undefined {
    try {
      return this.compile().decode(record)
    } catch (err) {
      this.#warn(record.event, err, 'decoded, so filters and loops pass it over')
      return undefined
    }
  }

  schemaOf (event: string): unknown {
    return Object.hasOwn(this.#stream.schemas, event) ? this.#stream.schemas[event] : undefined
  }

  #warn (event: string, err: unknown, problem: string): void {
    const kind = `${event} ${problem}`
    if (this.#unreadable.has(kind)) return
    this.#unreadable.add(kind)
    this.#log.warn({ err, event }, `an event of a channel can't be ${problem}; another version of this app may have published it`)
  }
}

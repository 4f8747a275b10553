import type { StoredRecord } from '../../types/broker.js'
import { carryFrame } from '../schema/carried-frame.js'
import type { DecodedEvent } from '../schema/codec.js'
import type { Frames } from '../stream/frame-source.js'
import { shareFrames } from '../stream/shared-frames.js'
import { idLine } from '../wire/frame.js'
import type { Item } from './item.js'
import { formatId } from './position.js'
import type { DeliveredEvent, Sendable } from './sendable.js'

/** Characters of a frame beside its data, about. */
const OVERHEAD = 48

/** What encodes and decodes the messages of a channel. */
export interface MessageCodec {
  readonly frameOf: (record: StoredRecord) => string
  /** Undefined for what this version of the app does not declare. */
  readonly decode: (record: StoredRecord) => DecodedEvent | undefined
  /** The schema by which events of this name were checked. */
  readonly schemaOf: (event: string) => unknown
}

/**
 * An event of a channel as its subscribers in this process share it: encoded once, and decoded once if any of them looks
 * into it.
 */
export class Message implements Item, Sendable {
  readonly record: StoredRecord
  readonly codec: MessageCodec
  readonly offset: number | undefined
  readonly #epoch: string | undefined
  #id: string | undefined
  #body: string | undefined
  #frames: Frames | undefined
  #framesId: string | undefined
  #event: DeliveredEvent | undefined

  /** @param epoch The channel's, or undefined for a part of a snapshot. */
  constructor (record: StoredRecord, codec: MessageCodec, epoch: string | undefined) {
    this.record = record
    this.codec = codec
    this.offset = epoch === undefined ? undefined : record.offset
    this.#epoch = epoch
  }

  /** Its place in the channel, unless it is part of a snapshot. Made when it is asked for: many have no subscriber. */
  get id (): string | undefined {
    if (this.#epoch !== undefined) this.#id ??= formatId([{ epoch: this.#epoch, offset: this.record.offset }])
    return this.#id
  }

  get name (): string {
    return this.record.event
  }

  get key (): unknown {
    return this.record.key ?? this
  }

  get size (): number {
    return this.record.data.length + OVERHEAD
  }

  frame (id: string | undefined): string {
    this.#body ??= this.codec.frameOf(this.record)
    return id === undefined ? this.#body : idLine(id) + this.#body
  }

  /** The last one asked for is kept, since most subscribers are told the same id. */
  frames (id: string | undefined): Frames {
    if (this.#frames === undefined || this.#framesId !== id) {
      this.#frames = shareFrames(this.frame(id), 1)
      this.#framesId = id
    }
    return this.#frames
  }

  withId (id: string | undefined): DeliveredEvent | undefined {
    this.#event ??= this.#decode(this.id)
    return id === this.id || this.#event === undefined ? this.#event : this.#complete({ ...this.#event }, id)
  }

  #decode (id: string | undefined): DeliveredEvent | undefined {
    const decoded = this.codec.decode(this.record)
    return decoded && this.#complete(decoded, id)
  }

  #complete (event: DeliveredEvent, id: string | undefined): DeliveredEvent {
    if (id === undefined) delete event.id
    else event.id = id
    return Object.freeze(carryFrame(event, { schema: this.codec.schemaOf(this.name), frame: id => this.frame(id) }))
  }
}

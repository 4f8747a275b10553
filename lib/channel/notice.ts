import { carryFrame } from '../schema/carried-frame.js'
import type { Frames } from '../stream/frame-source.js'
import { shareFrames } from '../stream/shared-frames.js'
import { eventLine, jsonFrame } from '../wire/frame.js'
import type { DeliveredEvent, Sendable } from './sendable.js'

/** What the plugin itself tells a subscriber. */
export class Notice implements Sendable {
  readonly name: string
  readonly #data: unknown

  constructor (name: 'stream-gap' | 'stream-position', data: unknown) {
    this.name = name
    this.#data = Object.freeze(data)
  }

  frame (id: string | undefined): string {
    return jsonFrame(eventLine(this.name), JSON.stringify(this.#data), id, undefined)
  }

  frames (id: string | undefined): Frames {
    return shareFrames(this.frame(id), 0)
  }

  withId (id: string | undefined): DeliveredEvent {
    const event: DeliveredEvent = { event: this.name, data: this.#data }
    if (id !== undefined) event.id = id
    return Object.freeze(carryFrame(event, { schema: undefined, frame: id => this.frame(id) }))
  }
}

import type { Frames } from '../stream/frame-source.js'
import { shareFrames } from '../stream/shared-frames.js'
import type { Message } from './message.js'

/** Messages that came in one tick. Those who take all of them share the bytes. */
export class Batch {
  readonly messages: readonly Message[]
  /** The offset of the first. */
  readonly begin: number
  /** The offset of the last. */
  readonly end: number
  #frames: Frames | undefined

  constructor (messages: readonly Message[]) {
    this.messages = messages
    this.begin = messages[0]?.offset ?? 0
    this.end = this.last?.offset ?? 0
  }

  get last (): Message | undefined {
    return this.messages.at(-1)
  }

  get frames (): Frames {
    const { messages } = this
    const [only] = messages
    this.#frames ??= messages.length === 1 && only !== undefined ? only.frames(only.id) : this.framesWith(({ id }) => id)
    return this.#frames
  }

  /** Joins the frames anew, with other ids. */
  framesWith (idOf: (message: Message) => string | undefined): Frames {
    let text = ''
    for (const message of this.messages) text += message.frame(idOf(message))
    return shareFrames(text, this.messages.length)
  }

  /** Whether these are the very messages of this batch. */
  holds (messages: readonly Message[]): boolean {
    return messages.length === this.messages.length && messages.every((message, i) => message === this.messages[i])
  }
}

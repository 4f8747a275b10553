import type { Msg } from '@nats-io/nats-core'
import type { Link } from './link.js'
import { type Content, decode } from './payload.js'
import { originOf } from './reply.js'
import type { Stream } from './stream.js'
import { Away, Refusal } from './trouble.js'

/** Asked for at a time, so that large records don't fill the memory. */
const MAX_BYTES = 4 * 1024 * 1024

/** How long the server keeps a consumer that could not be deleted. */
const INACTIVE_NS = 30e9

/** A message of a stream, and its number. */
export interface Delivered extends Content {
  readonly seq: number
}

/** Reads messages of a stream from a number on, by a consumer that lives as long as this takes. */
export class Pull {
  readonly #link: Link
  readonly #stream: Stream
  readonly #name: string
  readonly messages: Delivered[] = []
  #bytes = 0

  private constructor (link: Link, stream: Stream, name: string) {
    this.#link = link
    this.#stream = stream
    this.#name = name
  }

  /** @param from The number of the first message; where that is gone, the next. */
  static async open (link: Link, stream: Stream, from: number): Promise<Pull> {
    const name = link.newName()
    await stream.call('CONSUMER.CREATE', {
      stream_name: stream.names.stream,
      config: {
        name,
        deliver_policy: 'by_start_sequence',
        opt_start_seq: from,
        ack_policy: 'none',
        replay_policy: 'instant',
        inactive_threshold: INACTIVE_NS,
        mem_storage: true,
        num_replicas: 1
      }
    }, `.${name}`)
    return new Pull(link, stream, name)
  }

  /** Whether a page should end here. */
  get isLarge (): boolean {
    return this.#bytes > MAX_BYTES / 2
  }

  /** @returns How many more have come: fewer than asked for where there are no more, or they are large. */
  async more (count: number): Promise<number> {
    const before = this.messages.length
    await new Promise<void>((resolve, reject) => {
      const end = (settle: () => void): boolean => {
        clearTimeout(timer)
        settle()
        return false
      }
      const onReply = (message: Msg): boolean => {
        const status = statusOf(message)
        if (status instanceof Error) return end(() => { reject(status) })
        if (status === 'end') return end(resolve)
        this.#bytes += message.data.length
        this.messages.push({ seq: originOf(message.reply).seq, ...decode(message.data) })
        return this.messages.length - before < count || end(resolve)
      }
      const onFailed = (error: Error): void => { end(() => { reject(error) }) }
      const request = JSON.stringify({ batch: count, no_wait: true, max_bytes: Math.max(MAX_BYTES, 2 * this.#link.maxPayload) })
      const forget = this.#link.ask(`$JS.API.CONSUMER.MSG.NEXT.${this.#stream.names.stream}.${this.#name}`, request, { onReply, onFailed }, { name: this.#name })
      const timer = setTimeout(() => {
        forget()
        reject(new Away('NATS did not send what was asked for'))
      }, this.#stream.askMs).unref()
    })
    return this.messages.length - before
  }

  /** Deletes the consumer. Where that can't be, the server does it after a time. */
  close (): void {
    this.#stream.tidy(this.#stream.call('CONSUMER.DELETE', {}, `.${this.#name}`))
  }
}

/** Messages of the server itself have no subject of the stream: the end of what it has, or a problem. */
function statusOf ({ headers, data }: Msg): Error | 'end' | undefined {
  const code = headers?.code ?? 0
  if (code === 0 || data.length > 0) return undefined
  if (code === 503) return new Away('JetStream is not there')
  if (code === 404 || code === 408 || code === 409) return 'end'
  return new Refusal(headers?.description ?? `status ${code}`)
}

import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { ReceivedEvent } from '../../types/client.js'
import { END_ID } from '../wire/end-id.js'
import type { CheckedOptions } from './check-options.js'
import type { Port } from './client.js'
import { type Answer, EventStreamError } from './event-stream-error.js'
import { Watchdog } from './watchdog.js'

const EVENT_STREAM = 'text/event-stream'
const MAX_ANSWER_BYTES = 16 * 1024

/** One request, and what its answer brings. */
export class Connection {
  /** The server has said that nothing more will come. */
  isComplete = false
  /** What the server has said, or sent, would not be better the next time. */
  isRefused = false
  /** At least one event has come. */
  hasBrought = false
  /** When the server has begun to answer with a stream. */
  openedAtMs = Infinity
  /** What the server has said by `retry:`. */
  retryMs: number | undefined
  /** What the server has said by `Retry-After`; 0 where it said nothing. */
  retryAfterMs = 0
  readonly #options: CheckedOptions
  readonly #port: Port
  readonly #watchdog: Watchdog

  constructor (options: CheckedOptions, port: Port) {
    this.#options = options
    this.#port = port
    this.#watchdog = new Watchdog(options.staleAfterMs, port.signal)
  }

  /** Yields its events as they are asked for. Nothing is read ahead of them but what came in one piece with them. */
  async * events (): AsyncGenerator<ReceivedEvent, void> {
    try {
      const response = await this.#request()
      if (response.status === 204) {
        this.isComplete = true
        return
      }
      await this.#check(response)
      this.openedAtMs = Date.now()
      this.#port.setState('open')
      for await (const message of this.#messages(response)) {
        const { id, event = 'message' } = message
        this.hasBrought = true
        if (id !== undefined) this.#port.lastEventId = id
        this.isComplete = id === END_ID || this.#options.final.has(event)
        // Names that begin so are the plugin's own; of these only the gap is for the user.
        if (!event.startsWith('stream-') || event === 'stream-gap') yield await this.#read(event, message)
        if (this.isComplete) return
      }
    } finally {
      this.#watchdog.end()
    }
  }

  async #request (): Promise<Response> {
    const { url, method, credentials = 'same-origin', fetch = globalThis.fetch } = this.#options
    const { lastEventId } = this.#port
    const [given, body] = await this.#watchdog.watch(Promise.all([make(this.#options.headers), make(this.#options.body)]))
    const headers = new Headers(given)
    if (!headers.has('accept')) headers.set('accept', EVENT_STREAM)
    if (lastEventId !== undefined && lastEventId !== '') headers.set('last-event-id', asBytes(lastEventId))
    const { signal } = this.#watchdog
    const init = { method, headers, credentials, signal, cache: 'no-store', ...(body !== undefined && { body }) }
    return await this.#watchdog.watch(fetch(url, init as RequestInit))
  }

  async #check (response: Response): Promise<void> {
    const { status, headers } = response
    const type = headers.get('content-type')
    if (status === 200 && type !== null && /^text\/event-stream\s*(?:;|$)/i.test(type)) return
    const isOk = status >= 200 && status < 300
    this.isRefused = isOk || !(status >= 500 || [408, 425, 429].includes(status))
    this.retryAfterMs = retryAfterMs(headers.get('retry-after'))
    const answer = { status, headers, body: await this.#text(response) }
    throw isOk
      ? failure('CONTENT_TYPE', `the server should answer with 200 and ${EVENT_STREAM}, instead came ${status} and '${type ?? ''}'`, answer)
      : failure('REFUSED', `the server has answered with status ${status}`, answer)
  }

  async #text (response: Response): Promise<string> {
    const decoder = new TextDecoder()
    let text = ''
    let bytes = 0
    for await (const chunk of this.#chunks(response)) {
      text += decoder.decode(chunk.subarray(0, MAX_ANSWER_BYTES - bytes), { stream: true })
      bytes += chunk.length
      if (bytes >= MAX_ANSWER_BYTES) break
    }
    return text
  }

  async * #messages (response: Response): AsyncGenerator<EventSourceMessage, void> {
    const { maxEventLength: maxBufferSize } = this.#options
    const arrived: EventSourceMessage[] = []
    let isTooLong = false
    const parser = createParser({
      maxBufferSize,
      onEvent: message => { arrived.push(message) },
      onRetry: ms => { this.retryMs = ms },
      onError: ({ type }) => { isTooLong ||= type === 'max-buffer-size-exceeded' }
    })
    const decoder = new TextDecoder()
    for await (const chunk of this.#chunks(response)) {
      parser.feed(decoder.decode(chunk, { stream: true }))
      yield * arrived.splice(0)
      if (isTooLong) throw this.#unreadable(`an event should have at most ${maxBufferSize} characters (maxEventLength)`)
    }
  }

  async * #chunks ({ body }: Response): AsyncGenerator<Uint8Array, void> {
    if (body === null) return
    const reader = body.getReader() // not every browser can iterate over a body
    try {
      let result
      while (!(result = await this.#watchdog.watch(reader.read())).done) yield result.value
    } finally {
      reader.cancel().catch(() => {}) // it may be broken already
    }
  }

  async #read (event: string, { id, data }: EventSourceMessage): Promise<ReceivedEvent> {
    try {
      const received = { event, data: this.#options.text.has(event) ? data : JSON.parse(data) as unknown, ...(id !== undefined && { id }) }
      await this.#options.validate?.(received)
      return received
    } catch (cause) {
      throw this.#unreadable(`the event '${event}' can't be read, or was refused by validate; events of raw text should be named by the option 'text'`, cause)
    }
  }

  #unreadable (message: string, cause?: unknown): EventStreamError {
    this.isRefused = true
    return new EventStreamError('FST_ERR_SSE_CLIENT_EVENT', message, { cause })
  }
}

function failure (code: 'REFUSED' | 'CONTENT_TYPE', message: string, answer: Answer): EventStreamError {
  return new EventStreamError(`FST_ERR_SSE_CLIENT_${code}`, message, { answer })
}

async function make<Value> (value: Value | (() => Value | Promise<Value>)): Promise<Value> {
  return typeof value === 'function' ? await (value as () => Value | Promise<Value>)() : value
}

/** A header holds bytes, one in each character: `fetch` refuses others. */
function asBytes (text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
function retryAfterMs (value: string | null): number {
  if (value === null) return 0
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now()
  return ms > 0 ? ms : 0
}

import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { ReceivedEvent } from '../../types/client.js'
import { END_ID } from '../wire/end-id.js'
import type { CheckedOptions } from './check-options.js'
import type { Port } from './client.js'
import { EventStreamError } from './event-stream-error.js'
import type { Patience } from './patience.js'

const EVENT_STREAM = 'text/event-stream'
const MAX_ANSWER_LENGTH = 16 * 1024

/** One request, and what its answer brings. */
export class Connection {
  /** The server has said that nothing more will come. */
  isComplete = false
  /** What the server has said, or sent, would not be better the next time. */
  isHopeless = false
  /** At least one event has come. */
  hasBrought = false
  openedAtMs = Infinity
  /** What the server has said by `retry:`. */
  retryMs: number | undefined
  /** What the server has said by `Retry-After`; 0 where it said nothing. */
  retryAfterMs = 0
  readonly #options: CheckedOptions
  readonly #port: Port
  readonly #patience: Patience

  constructor (options: CheckedOptions, port: Port, patience: Patience) {
    this.#options = options
    this.#port = port
    this.#patience = patience
  }

  /** Yields its events as they are asked for. Nothing is read ahead of them but what came in one piece with them. */
  async * events (): AsyncGenerator<ReceivedEvent, void> {
    const abort = new AbortController()
    try {
      const response = await this.#request(abort.signal)
      if ((this.isComplete = response.status === 204)) return
      await this.#check(response)
      this.openedAtMs = Date.now()
      this.#port.setState('open')
      for await (const message of this.#messages(response)) {
        const { id, event = 'message' } = message
        this.hasBrought = true
        const received = await this.#read(event, message)
        if (id !== undefined) this.#port.lastEventId = id
        this.isComplete = id === END_ID || this.#options.final.includes(event)
        yield received
        if (this.isComplete) return
      }
    } finally {
      abort.abort()
    }
  }

  async #request (signal: AbortSignal): Promise<Response> {
    const { url, method, headers: given, body, credentials, fetch = globalThis.fetch } = this.#options
    const { lastEventId } = this.#port
    const headers = new Headers(await this.#wait(make(given)) as Headers)
    if (!headers.has('accept')) headers.set('accept', EVENT_STREAM)
    // A header holds bytes, one in each character: fetch refuses others.
    if (lastEventId) headers.set('last-event-id', String.fromCharCode(...new TextEncoder().encode(lastEventId)))
    const init = { method, headers, body: await this.#wait(make(body)), credentials, signal, cache: 'no-store' }
    return await this.#wait(fetch(url, init as RequestInit))
  }

  async #check (response: Response): Promise<void> {
    const { ok, status, headers } = response
    const type = headers.get('content-type') ?? ''
    if (ok && /^text\/event-stream\s*(?:;|$)/i.test(type)) return
    this.isHopeless = status < 500 && ![408, 425, 429].includes(status)
    this.retryAfterMs = retryAfterMs(headers.get('retry-after'))
    let body = ''
    try {
      for await (const text of this.#text(response)) {
        body += text
        if (body.length > MAX_ANSWER_LENGTH) break
      }
    } catch {
      // It was cut, or has come to a halt. What it says in its head is what matters.
    }
    throw new EventStreamError(
      ok ? 'CONTENT_TYPE' : 'REFUSED', `the answer is ${status} ${type}`, undefined, { status, headers, body }
    )
  }

  async * #messages (response: Response): AsyncGenerator<EventSourceMessage, void> {
    const arrived: EventSourceMessage[] = []
    let isTooLong = false
    const parser = createParser({
      maxBufferSize: this.#options.maxEventLength,
      onEvent: message => { arrived.push(message) },
      onRetry: ms => { this.retryMs = ms },
      onError: ({ type }) => { isTooLong ||= type.startsWith('max') }
    })
    for await (const text of this.#text(response)) {
      parser.feed(text)
      yield * arrived.splice(0)
      if (isTooLong) throw this.#unreadable('is longer than maxEventLength')
    }
  }

  async * #text ({ body }: Response): AsyncGenerator<string, void> {
    if (!body) return
    const reader = body.getReader() // not every browser can iterate over a body
    const decoder = new TextDecoder()
    let result
    while (!(result = await this.#wait(reader.read())).done) yield decoder.decode(result.value, { stream: true })
  }

  async #read (event: string, { id, data }: EventSourceMessage): Promise<ReceivedEvent> {
    const { text, validate } = this.#options
    try {
      const read = text.includes(event) ? data : JSON.parse(data || 'null') as unknown
      const received = id === undefined ? { event, data: read } : { event, data: read, id }
      if (validate) await this.#wait(make(() => validate(received)))
      return received
    } catch (cause) {
      throw this.#unreadable(`'${event}' is not valid, or no JSON (see the option text)`, cause)
    }
  }

  #unreadable (problem: string, cause?: unknown): EventStreamError {
    this.isHopeless = true
    return new EventStreamError('EVENT', `an event ${problem}`, cause)
  }

  async #wait<Value> (coming: Promise<Value>): Promise<Value> {
    return await this.#patience.wait(this.#options.staleAfterMs, coming) as Value
  }
}

async function make (value: unknown): Promise<unknown> {
  return typeof value === 'function' ? await value() : value
}

/**
 * Seconds or a date; 0 for anything else.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
 */
function retryAfterMs (value: string | null): number {
  return Math.max(0, Number(value) * 1_000 || Date.parse(value!) - Date.now() || 0)
}

import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LightMyRequestResponse } from 'fastify'
import type { ReceivedEvent } from '../../types/client.js'
import type { CloseRecord } from '../../types/sink.js'
import type { InjectedStream } from '../../types/testing.js'
import { withCause } from '../with-cause.js'
import { FST_ERR_SSE_TEST_CUT, FST_ERR_SSE_TEST_ENCODED, FST_ERR_SSE_TEST_ENDED, FST_ERR_SSE_TEST_NO_STREAM } from './errors.js'
import type { Answer } from './inject.js'
import { type Margin, readEvents } from './read-events.js'
import { Tally } from './tally.js'

export interface Reading {
  /** Aborting it is the way to leave: who just destroys the body of an injected answer is not missed. */
  readonly leaving: AbortController
  /** The caller's, which aborts `leaving`. */
  readonly signal: AbortSignal | undefined
  readonly isText: (name: string) => boolean
  /** Called when nothing more will be read. */
  readonly onEnd: () => void
}

/** The answer to an injected request, and its events. */
export class InjectedEvents implements InjectedStream {
  readonly status: number
  readonly headers: LightMyRequestResponse['headers']
  readonly body: string
  readonly #request: string
  readonly #reading: Reading
  readonly #events: AsyncGenerator<ReceivedEvent, undefined>
  readonly #record: Promise<CloseRecord> | undefined
  readonly #margin: Margin = { retryMs: undefined, lastEventId: undefined, comments: [] }
  readonly #tally = new Tally()
  #failure: { readonly error: unknown } | undefined
  #closing: Promise<CloseRecord | undefined> | undefined

  /** Waits for the whole of an answer that is no event stream. */
  static async of (answer: Answer, reading: Reading): Promise<InjectedEvents> {
    const { headers } = answer.response
    const isStream = /^text\/event-stream\s*(?:;|$)/i.test(String(headers['content-type']))
    const body = isStream ? undefined : await text(answer.response.stream())
    return new InjectedEvents(answer, reading, body)
  }

  private constructor ({ response, reply }: Answer, reading: Reading, body: string | undefined) {
    const { method = '', url = '' } = response.raw.res.req
    this.status = response.statusCode
    this.headers = response.headers
    this.body = body ?? ''
    this.#request = `${method} ${url}`
    this.#reading = reading
    if (body === undefined) {
      this.#record = reply?.sse?.closed
      const { 'content-encoding': encoding = 'identity' } = response.headers
      this.#events = encoding === 'identity' ? this.#read(response.stream()) : this.#refuseEncoding(String(encoding))
    } else {
      this.#events = this.#refuse()
      reading.onEnd()
    }
  }

  get retryMs (): number | undefined {
    return this.#margin.retryMs
  }

  get lastEventId (): string | undefined {
    return this.#margin.lastEventId
  }

  get comments (): readonly string[] {
    return this.#margin.comments
  }

  async take (count: number): Promise<ReceivedEvent[]> {
    return await this.#collect(events => events.length >= count, events => {
      const missing = count - events.length
      return missing === 1 ? `${count === 1 ? 'one' : 'one more'} was` : `${missing}${missing < count ? ' more' : ''} were`
    })
  }

  async until (name: string): Promise<ReceivedEvent[]> {
    return await this.#collect(events => events.at(-1)?.event === name, () => `'${name}' was`)
  }

  async rest (): Promise<ReceivedEvent[]> {
    const events: ReceivedEvent[] = []
    for (let next = await this.#next(); next.done !== true; next = await this.#next()) events.push(next.value)
    return events
  }

  [Symbol.asyncIterator] (): AsyncIterator<ReceivedEvent, undefined> {
    return {
      next: async () => await this.#next(),
      return: async () => {
        await this.close()
        return { done: true, value: undefined }
      }
    }
  }

  close (): Promise<CloseRecord | undefined> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close (): Promise<CloseRecord | undefined> {
    this.#reading.onEnd()
    this.#reading.leaving.abort()
    const record = await this.#record
    await nextTurn() // in which the generator gets to its end
    return record
  }

  async #collect (isEnough: (events: readonly ReceivedEvent[]) => boolean, expected: (events: readonly ReceivedEvent[]) => string): Promise<ReceivedEvent[]> {
    const events: ReceivedEvent[] = []
    while (!isEnough(events)) {
      const next = await this.#next()
      if (next.done === true) {
        const how = this.#closing === undefined ? 'ended' : 'was closed'
        throw FST_ERR_SSE_TEST_ENDED(this.#request, how, String(this.#tally), expected(events))
      }
      events.push(next.value)
    }
    return events
  }

  /** Whoever asks again after a failure gets it again, and so do those who ask at the same time. */
  async #next (): Promise<IteratorResult<ReceivedEvent, undefined>> {
    try {
      const next = await this.#events.next()
      if (next.done !== true) this.#tally.add(next.value.event)
      else if (this.#failure !== undefined) throw this.#failure.error
      return next
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  async * #read (body: Readable): AsyncGenerator<ReceivedEvent, undefined> {
    const { leaving, signal, isText, onEnd } = this.#reading
    try {
      for await (const event of readEvents(body, this.#margin, isText)) {
        if (leaving.signal.aborted) break
        yield event
      }
    } catch (cause) {
      if (!leaving.signal.aborted) {
        const record = await this.#record
        throw FST_ERR_SSE_TEST_CUT(this.#request, String(this.#tally), record?.reason ?? 'unknown', ...withCause(cause))
      }
    } finally {
      onEnd()
    }
    if (this.#closing === undefined) signal?.throwIfAborted()
  }

  async * #refuseEncoding (encoding: string): AsyncGenerator<ReceivedEvent, undefined> {
    throw FST_ERR_SSE_TEST_ENCODED(this.#request, encoding)
  }

  async * #refuse (): AsyncGenerator<ReceivedEvent, undefined> {
    const { status, headers, body } = this
    const received = [status, headers['content-type'] ?? []].flat().join(' ')
    throw FST_ERR_SSE_TEST_NO_STREAM(this.#request, received, body === '' ? 'its body is empty' : body)
  }
}

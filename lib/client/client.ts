import type { ClientEnd, ClientState, ReceivedEvent } from '../../types/client.js'
import { EventStreamError } from './event-stream-error.js'

/** What a source of events tells the client that it feeds. */
export interface Port {
  /** Aborts when the client is closed. */
  readonly signal: AbortSignal
  lastEventId: string | undefined
  /** @param error why the source has to wait, where it does. */
  setState: (state: ClientState, error?: Error) => void
}

/** Yields the events of a stream as they are asked for, and returns how it has ended well. */
export type Source = (port: Port) => AsyncGenerator<ReceivedEvent, ClientEnd>

type Listener = (data: unknown, event: ReceivedEvent) => void

/** The half of a client that its user sees, whatever the source: a `ClientStream` of any events. */
export class Client {
  /** Marked as handled for those who iterate, since they get the error by that. */
  readonly closed: Promise<ClientEnd>
  lastError: Error | undefined
  readonly #events: AsyncGenerator<ReceivedEvent, ClientEnd>
  readonly #port: Port
  readonly #stop = new AbortController()
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #watchers = new Set<(state: ClientState) => void>()
  #state: ClientState = 'connecting'
  /** The first event, which is asked for before anybody reads, so that the connection is made at once. */
  #first: Promise<IteratorResult<ReceivedEvent, unknown>> | undefined
  #isRead = false
  #settle!: { resolve: (end: ClientEnd) => void, reject: (error: unknown) => void }

  constructor (source: Source, { signal, lastEventId }: { signal?: AbortSignal | undefined, lastEventId?: string | undefined }) {
    this.#port = {
      signal: this.#stop.signal,
      lastEventId,
      setState: (state, error) => { if (this.#state !== 'closed') this.#setState(state, error) }
    }
    this.closed = new Promise((resolve, reject) => { this.#settle = { resolve, reject } })
    this.#events = source(this.#port)
    if (signal?.aborted === true) {
      this.close()
    } else {
      const close = (): void => { this.close() }
      signal?.addEventListener('abort', close)
      this.#stop.signal.addEventListener('abort', () => { signal?.removeEventListener('abort', close) })
      this.#first = this.#advance()
      this.#first.catch(() => {}) // told by `closed`, and to who reads
    }
  }

  get lastEventId (): string | undefined {
    return this.#port.lastEventId
  }

  get state (): ClientState {
    return this.#state
  }

  onState (watcher: (state: ClientState) => void): () => void {
    this.#watchers.add(watcher)
    return () => { this.#watchers.delete(watcher) }
  }

  on (name: string, listener: Listener): () => void {
    let listeners = this.#listeners.get(name)
    if (listeners === undefined) this.#listeners.set(name, listeners = new Set())
    listeners.add(listener)
    // Not yet: others may want to listen too, or somebody to iterate.
    queueMicrotask(() => { if (!this.#isRead) void this.#flow() })
    return () => { listeners.delete(listener) }
  }

  [Symbol.asyncIterator] (): AsyncIterator<ReceivedEvent> {
    if (this.#isRead) {
      throw new EventStreamError('FST_ERR_SSE_CLIENT_ITERATED', 'a stream can be iterated once, and not when its listeners have begun to read it; connect() again for another')
    }
    this.#isRead = true
    this.closed.catch(() => {})
    return {
      next: async () => await this.#next() as IteratorResult<ReceivedEvent>,
      return: async () => {
        this.close()
        return { done: true, value: undefined }
      }
    }
  }

  close (): void {
    this.#end('closed')
    void this.#events.return('closed')
  }

  /** Reads for the listeners alone. */
  async #flow (): Promise<void> {
    this.#isRead = true
    try {
      while ((await this.#next()).done !== true);
    } catch {
      // Told by `closed`.
    }
  }

  async #next (): Promise<IteratorResult<ReceivedEvent, unknown>> {
    const next = this.#first ?? this.#advance()
    this.#first = undefined
    const result = await next
    if (this.#stop.signal.aborted && result.done !== true) return { done: true, value: undefined }
    if (result.done !== true) this.#tell(result.value)
    return result
  }

  async #advance (): Promise<IteratorResult<ReceivedEvent, unknown>> {
    try {
      const result = await this.#events.next()
      if (result.done === true) this.#end(result.value)
      return result
    } catch (error) {
      this.#end('closed', error as Error)
      throw error
    }
  }

  #tell (event: ReceivedEvent): void {
    for (const listener of this.#listeners.get(event.event) ?? []) attempt(() => { listener(event.data, event) })
  }

  #end (end: ClientEnd, error?: Error): void {
    if (this.#state === 'closed') return
    if (error === undefined) this.#settle.resolve(end)
    else this.#settle.reject(error)
    this.#setState('closed', error)
    this.#stop.abort()
  }

  #setState (state: ClientState, error?: Error): void {
    this.lastError = error
    if (this.#state === state) return
    this.#state = state
    for (const watcher of this.#watchers) attempt(() => { watcher(state) })
  }
}

/** What a listener throws concerns neither the stream nor the other listeners, and must not go unseen. */
function attempt (call: () => void): void {
  try {
    call()
  } catch (error) {
    void Promise.reject(error) // an unhandled rejection
  }
}

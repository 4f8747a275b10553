import type { ClientEnd, ClientState, ConnectOptions, ReceivedEvent } from '../../types/client.js'
import { EventStreamError } from './event-stream-error.js'

/** What a source of events shares with the client that it feeds. */
export interface Port {
  /** Aborts when the client is closed. */
  readonly signal: AbortSignal
  lastEventId: string | undefined
  /** @param error why the source has to wait, where it does. */
  readonly setState: (state: ClientState, error?: unknown) => void
}

/** Yields the events of a stream as they are asked for, also those that only move its position, and returns how it has ended well. */
export type Source = (port: Port) => AsyncGenerator<ReceivedEvent, ClientEnd>

type Next = IteratorResult<ReceivedEvent, unknown>
type Listener = (data: unknown, event: ReceivedEvent) => void
type Watcher = (state: ClientState) => void

/** The half of a client that its user sees, whatever the source: a `ClientStream` of any events. */
export class Client {
  state: ClientState = 'connecting'
  /** Of the last event that was handed out; the source may be one ahead. */
  lastEventId: string | undefined
  lastError: unknown
  readonly #port: Port
  readonly #events: AsyncGenerator<ReceivedEvent, ClientEnd>
  readonly #stop = new AbortController()
  readonly #listeners = new Set<[name: string, listener: Listener]>()
  readonly #watchers = new Set<[watcher: Watcher]>()
  /** The first event, which is asked for before anybody reads, so that the connection is made at once. */
  #first: Promise<Next> | undefined
  #isRead = false
  readonly #closed: Promise<ClientEnd>
  /** Whether somebody has asked for `closed`, and so gets the error by that. */
  #isHeeded = false
  #settle!: (end: ClientEnd | Promise<never>) => void

  constructor (source: Source, { signal, lastEventId }: Pick<ConnectOptions, 'signal' | 'lastEventId'>) {
    this.lastEventId = lastEventId
    this.#port = { signal: this.#stop.signal, lastEventId, setState: (...changed) => { this.#setState(...changed) } }
    this.#closed = new Promise(resolve => { this.#settle = resolve })
    this.#closed.catch(() => {}) // told to who reads, who may come later
    this.#events = source(this.#port)
    signal?.addEventListener('abort', this.close, { signal: this.#stop.signal })
    if (signal?.aborted) this.close()
    this.#first = this.#ask()
    this.#first.catch(() => {}) // the same
  }

  get closed (): Promise<ClientEnd> {
    this.#isHeeded = true
    return this.#closed
  }

  on (name: string, listener: Listener): () => void {
    // Not yet: others may want to listen too, or somebody to iterate.
    queueMicrotask(() => { if (!this.#isRead) void this.#flow() })
    return add(this.#listeners, [name, listener])
  }

  onState (watcher: Watcher): () => void {
    return add(this.#watchers, [watcher])
  }

  [Symbol.asyncIterator] (): AsyncIterator<ReceivedEvent, unknown> {
    if (this.#isRead) throw new EventStreamError('ITERATED', 'a stream can be read once')
    this.#isRead = true
    return {
      next: async () => await this.#next(),
      return: async () => {
        this.close()
        return { done: true, value: undefined }
      }
    }
  }

  readonly close = (): void => {
    this.#end('closed')
    void this.#events.return('closed')
  }

  /** Reads for the listeners alone. */
  async #flow (): Promise<void> {
    this.#isRead = true
    try {
      while (!(await this.#next()).done);
    } catch (error) {
      if (!this.#isHeeded) throw error // an unhandled rejection: nobody would know otherwise
    }
  }

  async #next (): Promise<Next> {
    while (true) {
      const next = this.#first ?? this.#ask()
      this.#first = undefined
      const result = await next
      if (result.done) return result
      if (this.#stop.signal.aborted) return { done: true, value: undefined }
      const { value: event } = result
      this.lastEventId = this.#port.lastEventId
      // Names that begin so are the plugin's own; of these only the gap is for the user.
      if (event.event.startsWith('stream-') && event.event !== 'stream-gap') continue
      for (const [name, listener] of [...this.#listeners]) if (name === event.event) attempt(() => { listener(event.data, event) })
      return result
    }
  }

  async #ask (): Promise<Next> {
    try {
      const result = await this.#events.next()
      if (result.done) this.#end(result.value)
      return result
    } catch (error) {
      this.#end('closed', error)
      throw error
    }
  }

  #end (end: ClientEnd, error?: unknown): void {
    if (this.state === 'closed') return
    this.#settle(error === undefined ? end : Promise.reject(error))
    this.#setState('closed', error)
    this.#stop.abort()
  }

  #setState (state: ClientState, error?: unknown): void {
    if (this.state === 'closed') return
    this.lastError = error
    this.state = state
    for (const [watcher] of [...this.#watchers]) attempt(() => { watcher(state) })
  }
}

function add<Item> (set: Set<Item>, item: Item): () => void {
  set.add(item)
  return () => { set.delete(item) }
}

/** What a listener throws concerns neither the stream nor the other listeners, and must not go unseen. */
function attempt (call: () => void): void {
  try {
    call()
  } catch (error) {
    void Promise.reject(error) // an unhandled rejection
  }
}

import type { Test } from 'tap'
import { connectShared, type ClientStream, type SharedConnectOptions } from '../../lib/client/shared.js'
import type { counts } from '../channels/streams.js'

type Grant = () => Promise<void>
type Deliver = (message: { data: unknown }) => void

/** What a browser has for all pages of an origin, where pages are closed, killed and frozen at will. */
export class Origin {
  /** Of messages that a killed page has sent, whether one is still delivered. */
  survives: () => boolean = () => true
  /** What asking for a lock, or opening a channel, fails with. */
  denied: { locks?: Error, channel?: Error } = {}
  /** When a message arrives; those of one page at another stay in order. */
  latency: () => number = () => 0
  readonly #locks = new Map<string, SharedPage[]>()
  readonly #pages = new Set<SharedPage>()
  #opening: SharedPage | undefined

  /** Takes the place of the browser's own interfaces for the time of a test. */
  constructor (t: Test) {
    const origin = this
    const locks = {
      request: async (name: string, { signal }: { signal: AbortSignal }, callback: Grant) => { await this.#request(name, signal, callback) }
    }
    class BroadcastChannel {
      onmessage: Deliver = () => {}
      readonly #page = origin.#opening as SharedPage
      constructor (name: string) {
        if (origin.denied.channel !== undefined) throw origin.denied.channel
        this.#page.name = name
        this.#page.receive = data => { this.onmessage({ data }) }
      }

      postMessage (data: unknown): void {
        origin.#post(this.#page, structuredClone(data))
      }

      close (): void {
        origin.#pages.delete(this.#page)
      }
    }
    const replace = (name: string, value: unknown): void => {
      const before = Object.getOwnPropertyDescriptor(globalThis, name)
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
      t.teardown(() => { before === undefined ? Reflect.deleteProperty(globalThis, name) : Object.defineProperty(globalThis, name, before) })
    }
    replace('location', {})
    replace('navigator', { locks })
    replace('BroadcastChannel', BroadcastChannel)
  }

  /** Opens a page with a shared stream. */
  open (url: string, options: Partial<SharedConnectOptions<typeof counts>> = {}): SharedPage {
    const page = new SharedPage()
    this.#pages.add(page)
    this.#opening = page
    page.stream = connectShared<typeof counts>(url, { name: 'everybody', ...options })
    this.#opening = undefined
    return page
  }

  get size (): number {
    return this.#pages.size
  }

  #post (from: SharedPage, data: unknown): void {
    for (const to of this.#pages) {
      if (to === from || to.name !== from.name || from.isKilled) continue
      const before = to.inbound.get(from) ?? Promise.resolve()
      const latency = this.latency()
      to.inbound.set(from, before.then(async () => {
        if (latency > 0) await new Promise(resolve => setTimeout(resolve, latency))
        await to.thaw
        if (from.isKilled && !this.survives()) to.isCutFrom.add(from)
        if (this.#pages.has(to) && !to.isCutFrom.has(from)) to.receive(data)
      }))
    }
  }

  async #request (name: string, signal: AbortSignal, callback: Grant): Promise<void> {
    if (this.denied.locks !== undefined) throw this.denied.locks
    const page = this.#opening as SharedPage
    const queue = this.#locks.get(name) ?? []
    this.#locks.set(name, queue)
    queue.push(page)
    const leave = (): void => {
      queue.splice(queue.indexOf(page), 1)
      queue[0]?.granted()
    }
    await new Promise<void>((resolve, reject) => {
      page.granted = resolve
      signal.addEventListener('abort', () => { reject(signal.reason) })
      if (queue[0] === page) resolve()
    }).catch((error: unknown) => {
      leave()
      throw error
    })
    await page.thaw
    try {
      await callback()
    } finally {
      leave()
    }
  }
}

/** A page of an {@link Origin}. */
export class SharedPage {
  stream!: ClientStream<typeof counts>
  /** Of its channel. */
  name = ''
  isKilled = false
  /** Resolves when the page is not frozen. */
  thaw: Promise<void> = Promise.resolve()
  granted = (): void => {}
  receive: (data: unknown) => void = () => {}
  readonly inbound = new Map<SharedPage, Promise<void>>()
  readonly isCutFrom = new Set<SharedPage>()

  /** Goes without a word: what it has sent may not arrive. */
  kill (): void {
    this.isKilled = true
    this.stream.close()
  }

  /** Stands still. Returns what ends that. */
  freeze (): () => void {
    let resume = (): void => {}
    this.thaw = new Promise(resolve => { resume = resolve })
    return resume
  }
}

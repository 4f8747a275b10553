import { createInbox, type Msg, type MsgHdrs, type NatsConnection, PermissionViolationError, type Status } from '@nats-io/nats-core'
import { newEpoch } from '../epoch.js'
import { Health } from '../health.js'
import { originOf, resultOf } from './reply.js'
import { termOf } from './term.js'
import { Away, Gone, Lost, Refusal } from './trouble.js'

/** Who has asked something. */
export interface Asker {
  /** @returns Whether it waits for more. */
  onReply: (message: Msg) => boolean
  onFailed: (error: Error) => void
}

/** Who wants to know about the connection. */
export interface LinkListener {
  /** Called after all who have asked something were told. */
  onLost: () => void
  onBack: () => void
}

interface Waiting {
  readonly subject: string
  readonly asker: Asker
}

/** What the broker makes of the user's connection: requests, whose answers come to one inbox, and the word when it is lost and back. */
export class Link {
  readonly health = new Health('NATS')
  readonly #connection: NatsConnection
  readonly #instance = newEpoch()
  readonly #listeners = new Set<LinkListener>()
  readonly #waiting = new Map<string, Waiting>()
  readonly #wakers = new Set<() => void>()
  #inbox = ''
  #asked = 0
  #isUp = false
  #stop: (() => void) | undefined

  constructor (connection: NatsConnection) {
    this.#connection = connection
  }

  /** Whether the connection was closed by its owner, or has given up. */
  get isGone (): boolean {
    return this.#connection.isClosed() || this.#connection.isDraining()
  }

  /**
   * The term of what is published now; undefined while there is no connection.
   *
   * The client forgets who the server was in the same moment in which it drops what was not sent: what is published
   * while this says X reaches X or nobody.
   */
  get term (): string | undefined {
    const { info } = this.#connection
    return this.#isUp && info !== undefined ? termOf(info) : undefined
  }

  /** The most bytes that a message may have. */
  get maxPayload (): number {
    return this.#connection.info?.max_payload ?? Infinity
  }

  /** The first listener makes it begin, and the last one end. */
  add (listener: LinkListener): void {
    this.#listeners.add(listener)
    if (this.#stop === undefined) this.#start()
  }

  delete (listener: LinkListener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size > 0) return
    this.#stop?.()
    this.#stop = undefined
  }

  /** A name that nobody else has. A consumer of that name answers to who asks with it. */
  newName (): string {
    return `${this.#instance}-${(this.#asked++).toString(36)}`
  }

  /**
   * Sends a request.
   *
   * @throws Lost where there is no connection: nothing was sent. Gone where there will never be one.
   */
  ask (subject: string, payload: string | Uint8Array, asker: Asker, { headers, name = this.newName() }: { headers?: MsgHdrs, name?: string } = {}): () => void {
    if (this.isGone) throw new Gone()
    if (this.term === undefined) throw new Lost()
    this.#connection.publish(subject, payload, { reply: `${this.#inbox}${name}`, ...(headers === undefined ? {} : { headers }) })
    this.#waiting.set(name, { subject, asker })
    return () => { this.#waiting.delete(name) }
  }

  /** Asks JetStream's API. Rejects with Away, Gone or a Refusal. */
  async call (operation: string, request: object, timeoutMs: number): Promise<unknown> {
    const message = await this.request(`$JS.API.${operation}`, JSON.stringify(request), timeoutMs)
    return resultOf(message)
  }

  async request (subject: string, payload: string | Uint8Array, timeoutMs: number, headers?: MsgHdrs): Promise<Msg> {
    return await new Promise((resolve, reject) => {
      const onReply = (message: Msg): boolean => {
        clearTimeout(timer)
        resolve(message)
        return false
      }
      const onFailed = (error: Error): void => {
        clearTimeout(timer)
        reject(error)
      }
      const forget = this.ask(subject, payload, { onReply, onFailed }, headers === undefined ? {} : { headers })
      const timer = setTimeout(() => {
        forget()
        reject(new Away(`NATS did not answer for ${timeoutMs} ms`))
      }, timeoutMs).unref()
    })
  }

  /**
   * Hands on what comes. What goes wrong with it is found by those who look from time to time whether they miss anything.
   *
   * @returns A function that ends it.
   */
  subscribe (subject: string, onMessage: (message: Msg) => void): () => void {
    if (this.isGone) return () => {}
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) return
        try {
          onMessage(message)
        } catch (error) {
          // In the client, it would end the reading of its socket.
          queueMicrotask(() => { throw error })
        }
      }
    })
    return () => { subscription.unsubscribe() }
  }

  /** Waits for a time, or until the connection is back. */
  async pause (ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#wakers.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms).unref()
      this.#wakers.add(wake)
    })
  }

  #start (): void {
    const { options } = this.#connection as unknown as { options?: { inboxPrefix?: string } }
    this.#inbox = `${createInbox(options?.inboxPrefix)}.`
    this.#isUp = !this.isGone
    const status = this.#connection.status() as AsyncIterable<Status> & { stop?: () => void }
    const unsubscribe = this.subscribe(`${this.#inbox}*`, message => { this.#dispatch(message) })
    void this.#watch(status)
    this.#stop = () => {
      status.stop?.()
      unsubscribe()
    }
  }

  async #watch (statuses: AsyncIterable<Status>): Promise<void> {
    for await (const status of statuses) {
      if (status.type === 'disconnect') this.#lose()
      if (status.type === 'reconnect') this.#regain()
      if (status.type === 'close') this.#end()
      if (status.type === 'error') this.#refuse(status.error)
    }
  }

  #dispatch (message: Msg): void {
    const { subject } = message
    // What a consumer sends has its own subject, and says in its reply whose it is.
    const name = subject.startsWith(this.#inbox) ? subject.slice(this.#inbox.length) : originOf(message.reply).consumer
    const asker = this.#waiting.get(name)?.asker
    if (asker?.onReply(message) === false) this.#waiting.delete(name)
  }

  #lose (): void {
    const error = new Lost()
    this.#isUp = false
    this.#fail(error)
    this.health.lost(this, error)
  }

  #regain (): void {
    this.#isUp = true
    this.health.back(this)
    for (const listener of this.#listeners) listener.onBack()
    for (const wake of this.#wakers) wake()
  }

  #end (): void {
    this.#isUp = false
    this.#fail(new Lost())
    this.health.log?.error('the connection to NATS is closed: no more events can be published or come')
    for (const wake of this.#wakers) wake()
  }

  #fail (error: Error): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { asker } of waiting) asker.onFailed(error)
    for (const listener of this.#listeners) listener.onLost()
  }

  /** The server says no to a subject without saying to which request: the oldest it is, since it answers in order. */
  #refuse (error: Error): void {
    if (!(error instanceof PermissionViolationError)) return
    for (const [name, { subject, asker }] of this.#waiting) {
      if (subject !== error.subject) continue
      this.#waiting.delete(name)
      asker.onFailed(new Refusal(error.message))
      return
    }
  }
}

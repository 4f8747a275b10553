import type { MsgHdrs } from '@nats-io/nats-core'
import type { Position } from '../../../types/broker.js'
import type { Link } from './link.js'
import { type Loss, type Suspect, tellLoss } from './losses.js'
import type { Names } from './names.js'
import { onlyFirst } from './once.js'
import { decode, encodeStart } from './payload.js'
import { resultOf } from './reply.js'
import type { Limits } from './settings.js'
import { lifeOf, toEpoch } from './term.js'
import { Away, isRefusal, Lost, NAME_IN_USE, NO_MESSAGE, NO_STREAM, WRONG_LAST_SEQUENCE } from './trouble.js'
import { Witness } from './witness.js'

/** What JetStream says about a stream. */
interface Info {
  readonly created: string
  readonly config: Limits
  readonly state: { readonly messages: number, readonly first_seq: number, readonly last_seq: number }
}

/** The ends of a stream. */
export interface Ends {
  /** The number after which all is there that was not dropped. */
  readonly earliest: number
  /** The last number that was given. */
  readonly last: number
  readonly isEmpty: boolean
}

/** The end of a log, and where it begins. */
export interface Head {
  readonly position: Position
  readonly earliest: number
}

export interface StreamOptions {
  readonly names: Names
  readonly limits: Limits
  /** All that it is made with. */
  readonly settings: object
  readonly isLatest: boolean
  /** How long one answer may take, in milliseconds. */
  readonly askMs: number
}

/** The stream of one log: made when it is not there, and brought to the limits that its channel has now. */
export class Stream implements Suspect {
  readonly names: Names
  readonly isLatest: boolean
  readonly askMs: number
  readonly witness = new Witness()
  readonly #link: Link
  readonly #limits: Limits
  readonly #settings: object
  readonly #tidying = new Set<Promise<void>>()
  #life: Promise<string> | undefined

  constructor (link: Link, { names, limits, settings, isLatest, askMs }: StreamOptions) {
    this.names = names
    this.isLatest = isLatest
    this.askMs = askMs
    this.#link = link
    this.#limits = limits
    this.#settings = settings
  }

  /** Resolves with the stream's life when it is there, and those are told who have lost something of it. */
  async ready (): Promise<string> {
    const life = this.#life ?? this.#prepare()
    this.#life = life
    try {
      await life
      // To be asked again, which nobody has to wait for.
      if (this.witness.doubted !== undefined && this.#life === life) this.forget()
      return await life
    } catch (error) {
      if (this.#life === life) this.forget()
      throw error
    }
  }

  /** It may not be there any more, or be another one. */
  forget (): void {
    this.#life = undefined
  }

  /** Lets something be done that nobody waits for, before the end. */
  tidy (work: Promise<unknown>): void {
    const done: Promise<void> = work.then(() => {}, () => {}).then(() => { this.#tidying.delete(done) })
    this.#tidying.add(done)
  }

  /** Resolves when nothing is being done any more. */
  async settled (): Promise<void> {
    await Promise.all(this.#tidying)
  }

  /** Asks JetStream's API about the stream. */
  async call (operation: string, request: object = {}, suffix = ''): Promise<unknown> {
    try {
      return await this.#link.call(`${operation}.${this.names.stream}${suffix}`, request, this.askMs)
    } catch (error) {
      if (!isRefusal(error, NO_STREAM)) throw error
      this.forget()
      throw new Away('the stream was deleted')
    }
  }

  /** @throws Away where it is not the stream that it was. */
  async ends (life: string): Promise<Ends> {
    const { created, state } = await this.call('STREAM.INFO') as Info
    if (lifeOf(this.names.stream, created) !== life) {
      this.forget()
      throw new Away('the stream was made anew')
    }
    const isEmpty = state.messages === 0
    return { earliest: isEmpty ? state.last_seq : state.first_seq - 1, last: state.last_seq, isEmpty }
  }

  async head (): Promise<Head> {
    const life = await this.ready()
    // Both at once. Where more is stored in between, the later end is as good.
    const [ends, newest] = await Promise.all([this.ends(life), this.#find({ last_by_subj: '>' })])
    const isNewest = newest !== undefined && newest.seq >= ends.last
    const epoch = toEpoch(life, (isNewest ? newest.term : undefined) ?? this.term)
    return { position: { epoch, offset: isNewest ? newest.seq : ends.last }, earliest: ends.earliest }
  }

  /** The term of a message; undefined where it is gone. */
  async termAt (seq: number): Promise<string | undefined> {
    return (await this.#find({ seq }))?.term
  }

  /** The last word of a loss. */
  async lastLoss (): Promise<Loss | undefined> {
    const { term, seq = 0 } = await this.#find({ last_by_subj: `${this.names.log}.lost` }) ?? {}
    return term === undefined ? undefined : { term, seq }
  }

  async has (seq: number): Promise<boolean> {
    return await this.#find({ seq }) !== undefined
  }

  /** Stores a message that is no record. */
  async store (subject: string, payload: Uint8Array, headers: MsgHdrs): Promise<{ seq: number }> {
    return resultOf(await this.#link.request(`${this.names.log}.${subject}`, payload, this.askMs, headers)) as { seq: number }
  }

  /** The term of what is stored now. @throws Lost */
  get term (): string {
    const { term } = this.#link
    if (term === undefined) throw new Lost()
    return term
  }

  async #find (which: object): Promise<{ seq: number, term: string | undefined } | undefined> {
    try {
      const { message } = await this.call('STREAM.MSG.GET', which) as { message: { seq: number, data?: string } }
      return { seq: message.seq, term: decode(Buffer.from(message.data ?? '', 'base64')).term }
    } catch (error) {
      if (isRefusal(error, NO_MESSAGE)) return undefined
      throw error
    }
  }

  async #prepare (): Promise<string> {
    const { stream } = this.names
    const info = await this.#lookUp() ?? await this.#create()
    if (Object.entries(this.#limits).some(([name, limit]) => info.config[name as keyof Limits] !== limit)) {
      await this.call('STREAM.UPDATE', { ...info.config, ...this.#limits })
    }
    if (this.isLatest && info.state.last_seq === 0) await this.#start()
    const life = lifeOf(stream, info.created)
    await tellLoss(this, life, info.state.last_seq)
    return life
  }

  async #lookUp (): Promise<Info | undefined> {
    try {
      return await this.#link.call(`STREAM.INFO.${this.names.stream}`, {}, this.askMs) as Info
    } catch (error) {
      if (isRefusal(error, NO_STREAM)) return undefined
      throw error
    }
  }

  async #create (): Promise<Info> {
    try {
      return await this.call('STREAM.CREATE', this.#settings) as Info
    } catch (error) {
      if (isRefusal(error, NAME_IN_USE)) throw new Away('somebody else has made the stream, with other limits')
      throw error
    }
  }

  /**
   * Stores the message that a log of latest values begins with, before all records. It is the first that is dropped: as
   * long as it is there, nothing was, and the number of the first message says what is lost to whom.
   */
  async #start (): Promise<void> {
    try {
      await this.store('start', encodeStart(this.term), onlyFirst())
    } catch (error) {
      if (!isRefusal(error, WRONG_LAST_SEQUENCE)) throw error
    }
  }
}

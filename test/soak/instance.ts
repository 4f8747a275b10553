import type { FastifySseOptions } from '../../types/options.js'
import { deferred } from '../helpers/deferred.js'
import type { Lifetime } from '../helpers/lifetime.js'
import { within } from '../helpers/within.js'
import { type Exit, Peer } from './peer.js'

export type ChannelName = 'ticks' | 'bulk'

export interface InstanceSetup {
  readonly port: number
  readonly redisPort: number
  /** How many events of each channel are kept. */
  readonly kept: Readonly<Record<ChannelName, number>>
  /** Of the plugin. */
  readonly options: FastifySseOptions
}

/** An event that is to be published. */
export interface Order { readonly topic: string, readonly n: number, readonly padBytes: number, readonly key: string }

/** What became of it: nothing to say, or the code of the error. */
export interface Outcome { readonly code?: string }

export interface Sample {
  readonly heapUsed: number
  /** What V8 keeps for the heap, in use or not. */
  readonly heapTotal: number
  readonly external: number
  readonly rss: number
  readonly streams: number
  readonly subscribers: number
  readonly queuedBytes: number
}

export interface Remains { readonly counts: Readonly<Record<string, number>> }

/** Of what there is more than before, in words. */
export function leftOver (before: Remains, after: Remains): string[] {
  return Object.entries(after.counts).flatMap(([name, count]) => {
    const had = before.counts[name] ?? 0
    return count > had ? [`${name}: ${count}, before ${had}`] : []
  })
}

/** What an instance has seen so far. */
export interface InstanceAccount {
  /** Streams by the reason of their end. */
  readonly closed: Readonly<Record<string, number>>
  readonly gaps: number
  readonly events: number
  /** Lines of its log. */
  readonly log: Readonly<Record<string, number>>
  readonly loopDelayMs: Readonly<Record<'p50' | 'p99' | 'max', number>>
}

const START_WITHIN_MS = 20_000
const EXIT_WITHIN_MS = 10_000
const CLOSE_WITHIN_MS = 30_000

/** Full-sized from the start: else V8 makes it larger at some time, which looks like growth. */
const FLAGS = ['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16']

/** An instance of the app, which can be ended and started again on its port. */
export class Instance {
  readonly name: string
  readonly setup: InstanceSetup
  /** What nobody should see, of all its processes. */
  readonly troubles: string[] = []
  /** Lines of the logs of its processes that were closed, and how their streams had ended. */
  readonly accounts: InstanceAccount[] = []
  readonly #lifetime: Lifetime
  readonly #program: string
  #peer: Peer | undefined
  #isServing = false

  constructor (lifetime: Lifetime, program: string, name: string, setup: InstanceSetup) {
    this.#lifetime = lifetime
    this.#program = program
    this.name = name
    this.setup = setup
  }

  /** Whether it may be asked to publish. */
  get isServing (): boolean {
    return this.#isServing
  }

  async start (): Promise<void> {
    const { promise: listening, resolve } = deferred()
    const peer = this.#peer = new Peer(this.#lifetime, this.#program, this.setup, {
      name: this.name,
      flags: FLAGS,
      onSaid: said => {
        if (said.trouble !== undefined) this.troubles.push(`${this.name}: ${said.trouble}`)
        else resolve()
      }
    })
    const died = peer.exited.then(() => { throw new Error(`${this.name} does not start: ${peer.written}${this.troubles.at(-1) ?? ''}`) })
    died.catch(() => {}) // whenever that is
    await within(`${this.name} to listen`, START_WITHIN_MS, Promise.race([listening, died]))
    this.#isServing = true
  }

  async ask<Answer> (what: string, given: object = {}): Promise<Answer> {
    return await (this.#peer as Peer).ask(what, given)
  }

  /** Ends it without a word. */
  async kill (): Promise<void> {
    this.#isServing = false
    await this.#peer?.kill()
  }

  /**
   * Closes it, after a drain where `overMs` is given, and waits until its process has ended by itself.
   *
   * @returns How that was.
   */
  async close (overMs?: number): Promise<Exit | 'still there'> {
    const peer = this.#peer as Peer
    // Up to its end it is asked to publish: what it refuses is published elsewhere.
    const closed = peer.ask<InstanceAccount>('close', { overMs }).finally(() => { this.#isServing = false })
    this.accounts.push(await within(`${this.name} to close`, CLOSE_WITHIN_MS + (overMs ?? 0), closed))
    try {
      return await within(`${this.name} to end`, EXIT_WITHIN_MS, peer.exited)
    } catch {
      await peer.kill() // told to whoever asked
      return 'still there'
    }
  }
}

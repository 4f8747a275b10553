import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Lifetime } from '../helpers/lifetime.js'

interface Waiting { readonly resolve: (answer: never) => void, readonly reject: (error: Error) => void }

export interface PeerOptions {
  readonly name: string
  readonly flags?: readonly string[]
  /** Called with what it says without having been asked. */
  readonly onSaid?: (said: { trouble?: string }) => void
}

/** How a process has ended. */
export interface Exit { readonly code: number | null, readonly signal: NodeJS.Signals | null }

/** A program in a process of its own, which answers questions. Ended by its process id with what has started it. */
export class Peer {
  readonly exited: Promise<Exit>
  readonly #name: string
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #asked = 0
  #written = ''

  constructor (lifetime: Lifetime, program: string, given: object, { name, flags = [], onSaid = () => {} }: PeerOptions) {
    this.#name = name
    const child = this.#child = fork(program, [JSON.stringify(given)], {
      // Without what tap and tsx add to run their programs.
      execArgv: ['--no-warnings', '--enable-source-maps', ...flags],
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc']
    })
    for (const output of [child.stdout, child.stderr]) {
      output?.setEncoding('utf8').on('data', (text: string) => { this.#written = (this.#written + text).slice(-10_000) })
    }
    child.on('message', (message: { id?: number, answer?: never, error?: string, said?: object }) => {
      if (message.said !== undefined) onSaid(message.said)
      const waiting = this.#waiting.get(message.id as number)
      this.#waiting.delete(message.id as number)
      if (message.error === undefined) waiting?.resolve(message.answer as never)
      else waiting?.reject(new Error(`${name}: ${message.error}`))
    })
    this.exited = once(child, 'exit').then(([code, signal]: unknown[]) => {
      for (const { reject } of this.#waiting.values()) reject(this.#death())
      this.#waiting.clear()
      return { code, signal } as Exit
    })
    lifetime.teardown(async () => { await this.kill() })
  }

  /** Its last words so far. */
  get written (): string {
    return this.#written
  }

  get hasEnded (): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** @throws What it answers with as its error, or that it has ended. */
  async ask<Answer> (what: string, given: object = {}): Promise<Answer> {
    if (this.hasEnded || !this.#child.connected) throw this.#death()
    return await new Promise((resolve, reject) => {
      const id = ++this.#asked
      this.#waiting.set(id, { resolve, reject })
      this.#child.send({ id, what, given }, () => {}) // a process that has just ended says so by its end
    })
  }

  /** Ends it without a word. */
  async kill (): Promise<void> {
    if (this.hasEnded) return
    this.#child.kill('SIGKILL')
    await this.exited
  }

  #death (): Error {
    const { exitCode, signalCode } = this.#child
    return new Error(`${this.#name} has ended by ${signalCode ?? exitCode ?? 'leaving'}: ${this.#written}`)
  }
}

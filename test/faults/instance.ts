import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { within } from '../helpers/within.js'
import type { Mode } from './channels.js'

const START_WITHIN_MS = 20_000
const STOP_WITHIN_MS = 15_000

/** An instance of the app, which can be ended and started again. Ended by its process id when the test ends. */
export class Instance {
  /** Undefined as long as nobody can connect to it. */
  port: number | undefined
  /** What its processes have written. */
  said = ''
  readonly #program: string
  readonly #mode: Mode
  readonly #brokerPort: number
  #child: ChildProcess | undefined

  constructor (t: Test, program: string, mode: Mode, brokerPort: number) {
    this.#program = program
    this.#mode = mode
    this.#brokerPort = brokerPort
    t.teardown(async () => { await this.kill() })
  }

  /** Starts a new process; its port is another one. */
  async start (): Promise<void> {
    const child = fork(this.#program, [this.#mode, String(this.#brokerPort)], {
      // Without what tap adds to watch its tests.
      execArgv: ['--no-warnings', '--enable-source-maps'],
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc']
    })
    this.#child = child
    for (const output of [child.stdout, child.stderr]) output?.setEncoding('utf8').on('data', (text: string) => { this.said += text })
    child.on('exit', () => { this.port = undefined })
    const ended = once(child, 'exit').then(([code, signal]) => { throw new Error(`an instance has ended by ${code ?? signal}: ${this.said}`) })
    ended.catch(() => {}) // whenever that is
    const [port] = await within(`an instance to listen, which said '${this.said}'`, START_WITHIN_MS, Promise.race([once(child, 'message'), ended]))
    this.port = port as number
  }

  /** Asks it to close, and waits until it has. */
  async stop (): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Ends it without a word. */
  async kill (): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** It keeps its connections, and does nothing. */
  pause (): void {
    this.#child?.kill('SIGSTOP')
  }

  resume (): void {
    this.#child?.kill('SIGCONT')
  }

  async #end (signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await within(`an instance to end after ${signal}, which said '${this.said}'`, STOP_WITHIN_MS, exited)
  }
}

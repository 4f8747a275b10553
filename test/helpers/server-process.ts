import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Lifetime } from './lifetime.js'

const ATTEMPTS = 5
const READY_WITHIN_MS = 20_000
const STOPPED_WITHIN_MS = 10_000

/** Linux gives 32,768 and up to who connects, others 49,152 and up. */
const [LOWEST_PORT, PORTS] = [20_000, 12_000]

/** How a kind of server is started, and how it is asked whether it serves. */
export interface ServerKind {
  readonly name: string
  readonly arguments: (port: number, folder: string) => readonly string[]
  /** Sent on a new connection. */
  readonly greeting: string
  /** What it says when it serves. */
  readonly answer: RegExp
}

/** A server of the test's own, with a port and a disk that outlast its process. Ended by its process id when the test ends. */
export class ServerProcess {
  /** Of all processes of this server, in the order in which they were started. */
  readonly pids: number[] = []
  port = 0
  readonly folder: string
  readonly #binary: string
  readonly #kind: ServerKind
  #child: ChildProcess | undefined
  #said = ''

  private constructor (binary: string, kind: ServerKind) {
    this.#binary = binary
    this.#kind = kind
    this.folder = mkdtempSync(join(tmpdir(), `fastify-typed-sse-${kind.name}-`))
  }

  /** Starts it on a free port. */
  static async start (t: Lifetime, binary: string, kind: ServerKind): Promise<ServerProcess> {
    const server = new ServerProcess(binary, kind)
    // Also where the test's process ends without a teardown.
    const end = (): void => { server.#child?.kill('SIGKILL') }
    process.once('exit', end)
    t.teardown(async () => {
      await server.kill()
      process.off('exit', end)
      rmSync(server.folder, { recursive: true, force: true })
    })
    for (let attempt = 1; ; attempt++) {
      server.port = await freePort()
      try {
        await server.#spawn()
        return server
      } catch (error) {
        await server.kill()
        // Somebody else may have been faster to take the port.
        if (attempt === ATTEMPTS || !/address already in use/i.test(String(error))) throw error
      }
    }
  }

  /** What its processes have written. */
  get said (): string {
    return this.#said
  }

  /** Starts it again on the same port and disk, after it was stopped or killed. */
  async restart (): Promise<void> {
    await this.stop()
    await this.#spawn()
  }

  /** Asks it to end. */
  async stop (): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Ends it without a word. */
  async kill (): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** It holds its connections, and does nothing. */
  pause (): void {
    this.#child?.kill('SIGSTOP')
  }

  resume (): void {
    this.#child?.kill('SIGCONT')
  }

  async #spawn (): Promise<void> {
    const child = spawn(this.#binary, this.#kind.arguments(this.port, this.folder), { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    for (const output of [child.stdout, child.stderr]) output.setEncoding('utf8').on('data', (text: string) => { this.#said += text })
    let problem: string | undefined
    child.on('error', error => { problem = error.message })
    if (child.pid !== undefined) this.pids.push(child.pid)
    const deadlineMs = performance.now() + READY_WITHIN_MS
    while (!await this.#serves()) {
      if (hasEnded(child)) {
        problem ??= `it has ended by ${child.exitCode ?? child.signalCode}`
        await delay(100) // for its last words
      } else if (performance.now() > deadlineMs) problem ??= `no answer in ${READY_WITHIN_MS} ms`
      if (problem !== undefined) throw new Error(`${this.#kind.name} does not start, ${problem}: ${this.#said}`)
      await delay(20)
    }
    // Whoever else has the port may have answered.
    if (hasEnded(child)) throw new Error(`${this.#kind.name} does not start: ${this.#said}`)
  }

  async #serves (): Promise<boolean> {
    return await new Promise(resolve => {
      const socket = connect(this.port, '127.0.0.1').setEncoding('utf8').setTimeout(1_000)
      let answer = ''
      socket.on('error', () => {}) // followed by 'close'
      socket.on('timeout', () => { socket.destroy() })
      socket.on('close', () => { resolve(this.#kind.answer.test(answer)) })
      socket.on('data', (text: string) => {
        answer += text
        if (answer.includes('\n')) socket.destroy()
      })
      socket.write(this.#kind.greeting)
    })
  }

  async #end (signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === undefined || child.pid === undefined || hasEnded(child)) return
    const exited = once(child, 'exit')
    child.kill(signal)
    if (signal !== 'SIGKILL') child.kill('SIGCONT')
    const late = setTimeout(() => { child.kill('SIGKILL') }, STOPPED_WITHIN_MS)
    await exited
    clearTimeout(late)
  }
}

/**
 * A port that nobody has. Below those that kernels give to who connects: else one of thousands of clients may take it while
 * the server is away.
 */
export async function freePort (): Promise<number> {
  for (;;) {
    const port = LOWEST_PORT + Math.floor(Math.random() * PORTS)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue
      throw error
    }
    server.close()
    await once(server, 'close')
    return port
  }
}

function hasEnded (child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

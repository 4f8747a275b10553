import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** A program that runs by itself, so that nothing but it is measured. */
export class Program {
  readonly #child: ChildProcess
  readonly #ended: Promise<never>

  /** @param name of a file in fixtures/, which answers every message with one. */
  constructor (t: Test, name: string) {
    this.#child = fork(fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url)), {
      // Without what tap adds to watch its tests: its hooks keep track of every promise.
      execArgv: [...process.execArgv.filter(argument => argument.includes('@tapjs/typescript')), '--expose-gc', '--no-warnings'],
      env: { ...process.env, NODE_OPTIONS: '' }
    })
    this.#ended = once(this.#child, 'exit').then(([code, signal]) => { throw new Error(`${name} has ended by ${code ?? signal}`) })
    this.#ended.catch(() => {})
    t.teardown(() => { this.#child.kill('SIGKILL') })
  }

  async ask<Answer> (question?: unknown): Promise<Answer> {
    this.#child.send({ question })
    const [answer] = await Promise.race([once(this.#child, 'message'), this.#ended])
    return answer as Answer
  }
}

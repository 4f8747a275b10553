import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'
import { compileTo } from '../helpers/compile.js'

/** Full-sized from the start: else V8 makes it 14 MiB larger, whenever it likes. */
const YOUNG_GENERATION = ['--min-semi-space-size=16', '--max-semi-space-size=16']

/** A program that runs by itself, so that nothing but it is measured. */
export class Program {
  readonly #child: ChildProcess
  readonly #ended: Promise<never>

  /** @param name of a file in fixtures/, which answers every message with one. */
  constructor (t: Test, name: string) {
    const folder = t.testdir()
    compileTo(folder, ['lib', 'types', 'test/helpers', 'test/proof'])
    this.#child = fork(join(folder, `test/proof/fixtures/${name}.js`), {
      // Without what tap adds to watch its tests: its hooks keep track of every promise.
      execArgv: ['--expose-gc', '--no-warnings', ...YOUNG_GENERATION],
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

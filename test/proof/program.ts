import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Full-sized from the start: else V8 makes it 14 MiB larger, whenever it likes. */
const YOUNG_GENERATION = ['--min-semi-space-size=16', '--max-semi-space-size=16']

/** A program that runs by itself, so that nothing but it is measured. */
export class Program {
  readonly #child: ChildProcess
  readonly #ended: Promise<never>

  /** @param name of a file in fixtures/, which answers every message with one. */
  constructor (t: Test, name: string) {
    this.#child = fork(join(compileTo(t.testdir()), `test/proof/fixtures/${name}.js`), {
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

/** Compiles what programs need. A compiler in their own process would take most of its memory, and give it to whatever leaks. */
function compileTo (folder: string): string {
  for (const from of ['lib', 'types', 'test/helpers', 'test/proof']) {
    for (const file of readdirSync(join(ROOT, from), { encoding: 'utf8', recursive: true })) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue
      const source = readFileSync(join(ROOT, from, file), 'utf8')
      const { outputText } = ts.transpileModule(source, {
        compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true }
      })
      const compiled = join(folder, from, file.replace(/\.ts$/, '.js'))
      mkdirSync(dirname(compiled), { recursive: true })
      writeFileSync(compiled, outputText)
    }
  }
  return folder
}

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { codeBlocks } from './markdown.js'

const root = new URL('../../', import.meta.url)

/** The programs of a page or of several, as they stand but for the place of the package and the port, in files of their own. */
export class Programs {
  readonly paths: readonly string[]
  readonly #folder = mkdtempSync(fileURLToPath(new URL('test/page-', root)))

  /** @param pages relative to the project's folder */
  constructor (t: Test, ...pages: string[]) {
    t.teardown(() => { rmSync(this.#folder, { recursive: true }) })
    this.paths = pages.flatMap(page => codeBlocks(new URL(page, root), 'ts')).map((code, n) => {
      const path = `${this.#folder}/program-${n}.ts`
      const exported = /^const app =/m.test(code) ? '\nexport { app }\n' : ''
      writeFileSync(path, toSource(code).replace('port: 3000', 'port: 0') + exported)
      return path
    })
  }

  /** @throws What the compiler says against them. */
  async compile (): Promise<void> {
    writeFileSync(`${this.#folder}/tsconfig.json`, JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'], exclude: [] }))
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
    await promisify(execFile)(process.execPath, [tsc, '--noEmit', '--noUnusedLocals', 'false', '-p', this.#folder])
      .catch(({ stdout }: { stdout: string }) => {
        // This package's sources are compiled by `npm run typecheck`, and need not compile with the oldest types of Fastify.
        const errors = stdout.trimEnd().split(/\n(?! )/).filter(error => !error.startsWith('lib/'))
        if (errors.length > 0) throw new Error(errors.join('\n'))
      })
  }
}

/** The entries of the package beside its main one, by their subpath; all others are brokers. */
const ENTRIES: Record<string, string> = {
  client: 'client/connect',
  'client/shared': 'client/shared',
  'client/validate': 'client/validate',
  inspector: 'inspector/inspector',
  opentelemetry: 'telemetry/opentelemetry',
  prometheus: 'telemetry/prometheus',
  testing: 'testing/inject-events'
}

function toSource (code: string): string {
  return code.replace(/'fastify-typed-sse(?:\/([\w/]+))?'/g, (_specifier, subpath?: string) => {
    const entry = subpath === undefined ? 'index' : ENTRIES[subpath] ?? `brokers/${subpath}`
    return `'../../lib/${entry}.js'`
  })
}

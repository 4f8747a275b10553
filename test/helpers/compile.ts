import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Compiles these folders of the project, but for their tests, into another folder. A program that runs from there needs no
 * compiler in its own process, which would take most of its memory and of the time in which it starts.
 */
export function compileTo (folder: string, from: readonly string[]): void {
  for (const each of from) {
    for (const file of readdirSync(join(ROOT, each), { encoding: 'utf8', recursive: true })) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue
      const { outputText } = ts.transpileModule(readFileSync(join(ROOT, each, file), 'utf8'), {
        compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true }
      })
      const compiled = join(folder, each, file.replace(/\.ts$/, '.js'))
      mkdirSync(dirname(compiled), { recursive: true })
      writeFileSync(compiled, outputText)
    }
  }
}

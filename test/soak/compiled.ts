import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileTo } from '../helpers/compile.js'
import type { Lifetime } from '../helpers/lifetime.js'

/** Not committed, and below the project, so that its packages are found. */
const FOLDER = fileURLToPath(new URL('../../.tap/', import.meta.url))

/** What runs in processes of its own: the library as it is published, and nothing that compiles it. */
export function compilePrograms (lifetime: Lifetime): { instance: string, load: string } {
  mkdirSync(FOLDER, { recursive: true })
  const folder = mkdtempSync(join(FOLDER, 'soak-'))
  lifetime.teardown(() => { rmSync(folder, { recursive: true }) })
  compileTo(folder, ['lib', 'types', 'test/soak', 'test/proof', 'test/helpers'])
  const fixture = (name: string): string => join(folder, 'test/soak/fixtures', `${name}.js`)
  return { instance: fixture('instance'), load: fixture('load') }
}

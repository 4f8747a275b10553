// Compiles lib/ and types/ twice, to ES modules and to CommonJS. Without source maps: the emitted JavaScript is the
// source less its types, comments included, and maps would point to files that the package does not hold.
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')

rmSync(join(root, 'dist'), { recursive: true, force: true })
for (const format of ['esm', 'cjs']) {
  const { status } = spawnSync(process.execPath, [tsc, '--project', `tsconfig.${format}.json`], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
// The package itself says "type": "module", for everything under it that does not say otherwise.
writeFileSync(join(root, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n')

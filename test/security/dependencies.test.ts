import { readFileSync } from 'node:fs'
import t from 'tap'

interface Manifest { dependencies?: Record<string, string>, peerDependencies?: Record<string, string> }
interface Locked extends Manifest {
  license?: string
  integrity?: string
  resolved?: string
  hasInstallScript?: boolean
  optionalDependencies?: Record<string, string>
}

const root = new URL('../../', import.meta.url)
const read = <T>(path: string): T => JSON.parse(readFileSync(new URL(path, root), 'utf8')) as T

const manifest = read<Manifest>('package.json')
const { packages } = read<{ packages: Record<string, Locked> }>('package-lock.json')

/** Licences that allow any use, and ask for no more than to be named. */
const ALLOWED = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'Unlicense'])

/** Where the lockfile has a package that another one depends on: beside it, or beside one that holds it. */
function locate (name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (packages[path] !== undefined) return path
    if (folder === '') return undefined
  }
}

/** All that comes with these packages, by its path in the lockfile. */
function closure (names: readonly string[]): Map<string, Locked> {
  const found = new Map<string, Locked>()
  const visit = (name: string, from: string): void => {
    const path = locate(name, from)
    const locked = path === undefined ? undefined : packages[path]
    if (path === undefined || locked === undefined || found.has(path)) return
    found.set(path, locked)
    for (const next of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })) visit(next, path)
  }
  for (const name of names) visit(name, '')
  return found
}

const names = Object.keys(manifest.dependencies ?? {})
const all = closure([...names, ...Object.keys(manifest.peerDependencies ?? {})])

t.test('every package that runs with this one has a licence that allows any use', async t => {
  for (const name of [...names, ...Object.keys(manifest.peerDependencies ?? {})]) t.ok(locate(name, ''), `${name} is in the lockfile`)
  t.ok(all.size > 30, 'they are followed to the last')
  for (const [path, { license = 'none' }] of all) t.ok(ALLOWED.has(license), `${path}: ${license}`)
  // The lockfile says what the registry said; the package itself may say something else.
  for (const [path] of all) t.ok(ALLOWED.has(read<Locked>(`${path}/package.json`).license ?? 'none'), path)
})

t.test('each of them is the very one that was locked, from a registry', async t => {
  for (const [path, { integrity = '', resolved = 'https://' }] of all) {
    t.match(integrity, /^sha512-[\w+/]{86}==$/, path)
    t.match(resolved, /^https:\/\//, path)
  }
})

t.test('none of those that are installed with this one runs anything when it is installed', async t => {
  for (const [path, { hasInstallScript }] of closure(names)) t.not(hasInstallScript, true, path)
})

t.test('those that are installed with this one are few, and each is named here', async t => {
  t.strictSame(names.sort(), [
    '@fastify/ajv-compiler', '@fastify/error', '@standard-schema/spec', 'eventsource-parser', 'fast-json-stringify', 'fastify-plugin', 'negotiator'
  ])
})

// Checks the package as its users get it: builds and packs it, installs the tarball into folders outside of the project,
// and imports, runs and compiles it there. Prints its results as TAP.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const pkg = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const fixtures = join(root, 'scripts/fixtures')
const temp = mkdtempSync(join(tmpdir(), 'fastify-typed-sse-'))

const COMPILERS = ['5.9', '6.0', '7.0']
/**
 * With all declarations checked as well; but for a program that has both copies of this package: there the types of
 * `reply.sse` are the same by their structure, but not by their declaration, and only `skipLibCheck` lets that pass; for
 * one with clients of brokers, whose declarations are not ours; and for a page, since Fastify's declarations, to which those
 * of its server lead, are not made for browsers.
 */
const CONSUMERS = [
  { files: ['consumer.ts', 'inspector.ts', 'testing.ts'], skipLibCheck: false, isPage: false },
  { files: ['both-copies.ts', 'brokers.ts', 'telemetry.ts'], skipLibCheck: true, isPage: false },
  { files: ['client.ts'], skipLibCheck: true, isPage: true }
]
const PEERS = ['fastify@5', '@sinclair/typebox@0.34', '@fastify/type-provider-typebox@5']
/** What brokers are made with, what checks the events in a client, and what metrics and traces are given to. */
const CLIENTS = ['ioredis@6', 'redis@6', '@nats-io/transport-node@3', '@nats-io/nats-core@3', '@cfworker/json-schema@4', '@opentelemetry/api@1', 'prom-client@15']
/** What the peer dependencies promise at least; for these the types are not checked, only that they run. */
const OLDEST_PEERS = ['fastify@5.0.0', '@sinclair/typebox@0.34.0']

let passed = 0
let failed = 0

try {
  await checkAll()
} catch (error) {
  // What comes after it can't be checked.
  report('the package can be checked', [error.message])
} finally {
  rmSync(temp, { recursive: true, force: true })
}
console.log(`1..${passed + failed}`)
console.log(`# { total: ${passed + failed}, pass: ${passed}, fail: ${failed} }`)
process.exitCode = failed === 0 ? 0 : 1

async function checkAll () {
  console.log('TAP version 14')
  const tarball = pack()
  const files = run('tar', ['-tzf', tarball]).split('\n').filter(Boolean).map(path => path.replace(/^package\//, ''))
  report('the tarball holds what it should, and nothing else', checkFiles(files))
  report('publint', await lint(tarball))
  const attw = createRequire(import.meta.url).resolve('@arethetypeswrong/cli/package.json')
  // node16: the old resolution knows no `exports`, so no subpaths, and TypeScript 7 has dropped it.
  attempt('are the types wrong', () => run(process.execPath, [
    join(dirname(attw), 'dist/index.js'), tarball, '--profile', 'node16', '--format', 'ascii', '--no-emoji', '--no-color'
  ]))

  const compilers = project('compilers', {}, COMPILERS.map(version => `typescript-${version}@npm:typescript@~${version}`))
  for (const type of ['module', 'commonjs']) {
    const folder = project(type, { type }, [tarball, ...PEERS, ...CLIENTS, '@types/node@20'])
    runForms(folder, type === 'module' ? 'import-forms.mjs' : 'import-forms.cjs', type)
    runForms(folder, 'subpaths.cjs', type)
    for (const version of COMPILERS) {
      for (const consumer of CONSUMERS) {
        writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig(consumer)))
        attempt(`TypeScript ${version} compiles ${consumer.files.join(' and ')}, ${type}`, () => {
          run(process.execPath, [join(compilers, `node_modules/typescript-${version}/bin/tsc`), '--project', folder])
        })
      }
    }
  }
  const oldest = project('oldest', { type: 'module' }, [tarball, ...OLDEST_PEERS])
  runForms(oldest, 'import-forms.mjs', `the oldest peers, ${OLDEST_PEERS.join(' and ')}`)
  runForms(oldest, 'peers.mjs', 'no clients')
}

/** Builds and packs; by the script of prepack, as for a release. */
function pack () {
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  run('npm', ['pack', '--pack-destination', temp], { cwd: root })
  return join(temp, readdirSync(temp).find(name => name.endsWith('.tgz')) ?? 'nothing.tgz')
}

function checkFiles (files) {
  const missing = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'dist/cjs/package.json', pkg.main, pkg.module, pkg.types]
    .map(path => path.replace(/^\.\//, ''))
    .filter(path => !files.includes(path))
  const surplus = files.filter(path => path.startsWith('dist/')
    ? !/^dist\/(esm|cjs)\/(lib|types)\/.*(?<!\.(test|tst))(?<!\.d)\.(js|d\.ts)$/.test(path) && path !== 'dist/cjs/package.json'
    : !['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'].includes(path))
  const dangling = files.filter(path => /^dist\/.*\.(js|ts)$/.test(path) && /^\/\/# sourceMappingURL=/m.test(readFileSync(join(root, path), 'utf8')))
  return [
    ...missing.map(path => `${path} is missing`),
    ...surplus.map(path => `${path} should not be published`),
    ...dangling.map(path => `${path} names a source map, which is not published`)
  ]
}

async function lint (tarball) {
  const { buffer, byteOffset, byteLength } = readFileSync(tarball)
  const { messages, pkg } = await publint({ pack: { tarball: buffer.slice(byteOffset, byteOffset + byteLength) }, strict: true })
  return messages.map(message => formatMessage(message, pkg, { color: false }) ?? message.code)
}

/** Makes a folder with these packages installed, from the registry and from the tarball. */
function project (name, manifest, packages) {
  const folder = join(temp, name)
  mkdirSync(folder)
  cpSync(fixtures, folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: `consumer-${name}`, private: true, ...manifest }))
  run('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: folder })
  return folder
}

/** Runs a script that prints a line for each check that it has passed. */
function runForms (folder, script, where) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: folder, encoding: 'utf8', timeout: 60_000 })
  for (const form of stdout.split('\n').filter(Boolean)) report(`${form}, ${where}`, [])
  if (status !== 0) report(`the import forms after these, ${where}`, [stderr])
}

/** As strict as it gets. No DOM but for the page: the others run on a server. */
function tsconfig ({ files, skipLibCheck, isPage }) {
  return {
    compilerOptions: {
      target: 'ES2022',
      lib: isPage ? ['ES2023', 'DOM', 'DOM.AsyncIterable'] : ['ES2023'],
      types: isPage ? [] : ['node'],
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck,
      noEmit: true
    },
    files
  }
}

function attempt (name, action) {
  try {
    action()
    report(name, [])
  } catch (error) {
    report(name, [error.message])
  }
}

function report (name, problems) {
  if (problems.length === 0) passed++
  else failed++
  console.log(`${problems.length === 0 ? 'ok' : 'not ok'} ${passed + failed} - ${name}`)
  for (const line of problems.join('\n').split('\n').filter(Boolean)) console.log(`# ${line}`)
}

/** @returns what the command printed; throws it where the command fails. */
function run (command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 300_000, ...options })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${error ?? ''}${stdout}${stderr}`)
  return stdout
}

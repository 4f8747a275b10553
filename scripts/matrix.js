// Runs the tests on every supported Node with every supported Fastify, and on the Fastify that comes next. Each cell of that
// matrix is a copy of the project with packages of its own, in the system's folder for temporary files. It takes hours:
//
//   npm run test:matrix -- --node 24 --fastify 5.0.0                      one cell
//   npm run test:matrix -- --node 22 --node 24 -- --jobs=1 test/life/*    what follows the second -- is for tap
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const MINUTE_MS = 60_000
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const lowestFastify = peerDependencies.fastify.replace(/^\^/, '')

const { values, positionals: tapArguments } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', multiple: true, default: ['20', '22', '24', '26'] },
    // The last range also takes what npm calls prereleases: alphas.
    fastify: { type: 'string', multiple: true, default: [lowestFastify, '^5.0.0', '^6.0.0-0'] }
  }
})
const results = mkdtempSync(join(tmpdir(), 'fastify-typed-sse-matrix-'))
const rows = values.node.flatMap(node => values.fastify.map(fastify => runCell(node, fastify)))

console.table(rows)
console.log(`The details are in ${results}`)
// Also where nothing failed because a cell could not be installed or was cut short: that is no pass.
process.exitCode = rows.every(({ result }) => result === 'passed') ? 0 : 1

function runCell (node, fastify) {
  const name = `node-${node}-fastify-${fastify}`.replace(/[^\w.-]/g, '_')
  const folder = join(results, name)
  console.log(`\n# Node ${node}, Fastify ${fastify}`)
  try {
    const installed = install(folder, node, fastify)
    return { ...installed.versions, ...test(folder, installed.env, join(results, `${name}.tap`)) }
  } catch (error) {
    console.error(error.message)
    return { node, fastify, result: 'not installed' }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @returns The versions that really came, and the environment in which they are the ones that run. */
function install (folder, node, fastify) {
  const runtime = join(folder, 'runtime')
  mkdirSync(runtime, { recursive: true })
  run('npm', ['install', '--prefix', runtime, '--no-audit', '--no-fund', `node@${node}`], runtime)

  const project = join(folder, 'project')
  copyProject(project)
  // Forced: the plugins of Fastify 5, and this one, do not ask for Fastify 6. Not saved: the project's own lists stay as
  // they are, since tests read them.
  run('npm', ['install', '--no-save', '--force', '--no-audit', '--no-fund', `fastify@${fastify}`], project)

  const bin = join(runtime, 'node_modules/node/bin')
  const env = { ...process.env, PATH: bin + delimiter + process.env.PATH } // for the programs that tests start
  const { version } = JSON.parse(readFileSync(join(project, 'node_modules/fastify/package.json'), 'utf8'))
  // By its path, so that no other Node takes its place where it is missing.
  return { env, versions: { node: run(join(bin, 'node'), ['--version'], project).trim(), fastify: version } }
}

/** What is in the repository or would be if it were committed now. */
function copyProject (folder) {
  const files = run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], root).split('\0').filter(Boolean)
  for (const file of files) {
    // It may be a link to another's, and files may have been deleted since the last commit.
    if (file !== 'node_modules' && existsSync(join(root, file))) cpSync(join(root, file), join(folder, file))
  }
}

/** Runs tap without coverage, which one Node is enough to prove, and counts what it has written, not what it shows. */
function test (folder, env, output) {
  const { status } = spawnSync('node', [
    'node_modules/tap/dist/esm/run.mjs', 'run', '--disable-coverage', `--output-file=${output}`, ...tapArguments
  ], { cwd: join(folder, 'project'), env, stdio: 'inherit', timeout: 60 * MINUTE_MS })
  const summary = existsSync(output) ? readFileSync(output, 'utf8').match(/^# \{ total: .*\}$/gm)?.at(-1) : undefined
  if (summary === undefined) return { result: 'cut short' }

  const count = kind => Number(summary.match(new RegExp(`\\b${kind}: (\\d+)`))?.[1] ?? 0)
  const counts = { pass: count('pass'), fail: count('fail'), skip: count('skip'), todo: count('todo') }
  return { result: status === 0 && counts.pass > 0 && counts.fail === 0 ? 'passed' : 'failed', ...counts }
}

/** @returns what the command printed; throws it where the command fails. */
function run (command, args, cwd, env = process.env) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 10 * MINUTE_MS })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${error ?? ''}${stdout}${stderr}`)
  return stdout
}

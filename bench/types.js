// What the types cost the compiler: 100 routes that declare event streams, and the same with ordinary JSON responses of the
// same schemas: npm run build && node bench/types.js [--rounds n] [--keep]
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { pickCores, pinned } from './processes.js'
import { conditionsOf, listOf } from './report.js'
import { median } from './statistics.js'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    keep: { type: 'boolean', default: false } // the folder, to look at: tsc --generateTrace
  }
})

const ROUTES = 100
const EVENTS = ['created', 'updated', 'removed']
const PACKAGES = ['fastify', '@sinclair/typebox', '@fastify/type-provider-typebox']

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const cores = pickCores()
const folder = mkdtempSync(join(tmpdir(), 'types-'))
const apps = { streams: writeApp('streams', streamsApp()), json: writeApp('json', jsonApp()) }

try {
  const rounds = Array.from({ length: Number(options.rounds) }, (_, round) => {
    const order = round % 2 === 0 ? ['streams', 'json'] : ['json', 'streams']
    return Object.fromEntries(order.map(name => [name, check(apps[name])]))
  })
  print(rounds)
} finally {
  if (options.keep) console.log(`\nkept: ${folder}`)
  else rmSync(folder, { recursive: true })
}

/** As the users of the package have it: its emitted types, by its name. */
function writeApp (name, source) {
  const app = join(folder, name)
  for (const scope of ['', '@sinclair', '@fastify', '@types']) mkdirSync(join(app, 'node_modules', scope), { recursive: true })
  for (const name of [...PACKAGES, '@types/node']) symlinkSync(join(root, 'node_modules', name), join(app, 'node_modules', name))
  symlinkSync(root, join(app, 'node_modules/fastify-typed-sse'))
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }\n')
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({
    compilerOptions: { target: 'ES2023', module: 'NodeNext', strict: true, skipLibCheck: true, noEmit: true, types: ['node'] },
    include: ['app.ts']
  }))
  writeFileSync(join(app, 'app.ts'), source)
  return app
}

function streamsApp () {
  return [
    ...imports(),
    "import sse, { eventStream } from 'fastify-typed-sse'",
    'const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()',
    'app.register(sse)',
    ...routes(i => [
      `const stream${i} = eventStream({ ${EVENTS.map(name => `${name}: ${schemaOf(name, i)}`).join(', ')} })`,
      `app.get('/${i}/:id', { schema: { params: Type.Object({ id: Type.String() }), response: { 200: stream${i} } } }, async function * (request) {`,
      ...EVENTS.map(name => `  yield stream${i}.event.${name}(${valueOf(name, i)})`),
      '})'
    ])
  ].join('\n')
}

function jsonApp () {
  return [
    ...imports(),
    'const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()',
    ...routes(i => [
      `const response${i} = Type.Union([${EVENTS.map(name => schemaOf(name, i)).join(', ')}])`,
      `app.get('/${i}/:id', { schema: { params: Type.Object({ id: Type.String() }), response: { 200: response${i} } } }, async (request) => {`,
      ...EVENTS.map((name, n) => `  ${n < EVENTS.length - 1 ? `if (request.params.id === '${n}') ` : ''}return ${valueOf(name, i)}`),
      '})'
    ])
  ].join('\n')
}

function imports () {
  return ["import Fastify from 'fastify'", "import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'"]
}

function routes (route) {
  return Array.from({ length: ROUTES }, (_, i) => route(i)).flat()
}

/** No two are alike, so that the compiler can't know one from another. */
function schemaOf (name, i) {
  return `Type.Object({ ${name}${i}: Type.String(), at: Type.Number(), tags: Type.Array(Type.String()), note: Type.Optional(Type.String()) })`
}

function valueOf (name, i) {
  return `{ ${name}${i}: request.params.id, at: ${i}, tags: ['a'] }`
}

/** @throws {Error} What does not compile. */
function check (app) {
  const [command, ...args] = pinned([process.execPath, tsc, '--project', app, '--extendedDiagnostics'], cores?.server)
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`it should compile, instead got ${stdout.slice(0, 1_000)}`)
  const value = name => {
    const found = new RegExp(`^${name}:\\s+([\\d.]+)(?:s|K)?$`, 'm').exec(stdout)
    if (found === null) throw new Error(`tsc should tell its ${name}, instead got ${stdout}`)
    return Number(found[1])
  }
  return {
    checkS: value('Check time'),
    totalS: value('Total time'),
    types: value('Types'),
    instantiations: value('Instantiations'),
    memoryMiB: value('Memory used') / 1024
  }
}

function print (rounds) {
  const columns = [
    ['check time', 'checkS', s => `${s.toFixed(2)} s`],
    ['total time', 'totalS', s => `${s.toFixed(2)} s`],
    ['types', 'types', n => Math.round(n).toLocaleString('en')],
    ['instantiations', 'instantiations', n => Math.round(n).toLocaleString('en')],
    ['memory', 'memoryMiB', mib => `${mib.toFixed(0)} MiB`]
  ]
  const cells = (name, show) => columns.map(([, key, format]) => show(rounds.map(round => round[name][key]), format))
  const rows = [
    [`${ROUTES} routes`, ...columns.map(([heading]) => heading)],
    ['---', ...columns.map(() => '---:')],
    ['event streams, three events each', ...cells('streams', (values, format) => format(median(values)))],
    ['JSON, a union of the same three', ...cells('json', (values, format) => format(median(values)))],
    ['ratio', ...columns.map(([, key]) => `**${median(rounds.map(({ streams, json }) => streams[key] / json[key])).toFixed(2)}**`)],
    ['lowest to highest', ...columns.map(([, key]) => range(rounds.map(({ streams, json }) => streams[key] / json[key])))]
  ]
  console.log(`tsc --noEmit, ${rounds.length} rounds by turns:\n\n${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}\n`)
  console.log(listOf(conditionsOf({ packages: new Set(['typescript', 'fastify-typed-sse', ...PACKAGES]), cores, placement: 'tsc pinned to one core' })))
}

function range (ratios) {
  return ratios.length < 2 ? '' : `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
}

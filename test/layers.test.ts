import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { importsOf, readSources, runs, type Sources } from './helpers/imports.js'
import { checkLayers, type Rules } from './helpers/layers.js'

/** From the top down. A new file or folder directly in lib/ needs a line here, at its place. */
const LAYERS: Rules = {
  layers: [
    'lib/index.ts',
    'lib/plugin.ts',
    'lib/testing/',
    'lib/inspector/',
    'lib/openapi/',
    'lib/answer.ts',
    'lib/registration.ts',
    'lib/route.ts',
    'lib/stray-stream.ts',
    'lib/limits/',
    'lib/client/',
    'lib/channel/',
    'lib/stream/',
    'lib/schema/',
    'lib/brokers/',
    'lib/telemetry/',
    'lib/wire/',
    'lib/options.ts',
    'lib/check-options.ts',
    'lib/max-timer-ms.ts',
    'lib/async-scope.ts',
    'lib/in-slices.ts',
    'lib/as-error.ts',
    'lib/log-error.ts',
    'lib/errors.ts',
    'lib/with-cause.ts',
    'lib/describe.ts'
  ],
  reserved: {
    '@fastify/ajv-compiler': ['lib/schema/compile.ts'],
    'fast-json-stringify': ['lib/schema/compile.ts']
  }
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))

t.test('imports point down the layers', async t => {
  const sources = readSources(root, ['lib', 'types'])
  t.ok(sources.has('lib/errors.ts') && sources.has('types/event.ts'), 'the sources are found')
  t.strictSame(checkLayers(sources, LAYERS), [])
})

t.test('a test imports each module of lib, so that coverage counts it', async t => {
  const sources = readSources(root, ['lib', 'types', 'test'])
  // The page of the inspector runs in Chromium.
  const loaded = closure([...[...sources.keys()].filter(path => path.startsWith('test/')), 'lib/inspector/page/main.ts'], sources)
  const forgotten = [...sources]
    .filter(([path, source]) => path.startsWith('lib/') && runs(source) && !loaded.has(path))
    .map(([path]) => path)
  t.strictSame(forgotten, [])
})

t.test('the check of layers', async t => {
  const rules: Rules = {
    layers: ['lib/index.ts', 'lib/stream/', 'lib/wire/', 'lib/errors.ts'],
    reserved: { compiler: ['lib/stream/compile.ts'], '@scope/compiler': ['lib/stream/compile.ts'] }
  }
  const check = (sources: Record<string, string>): string[] => checkLayers(new Map(Object.entries(sources)), rules)

  t.test('lets imports point down, and sideways in a folder', async t => {
    t.strictSame(check({
      'lib/index.ts': "import { pump } from './stream/pump.js'\nexport * from './errors.js'",
      'lib/stream/pump.ts': "import { frame } from './frame.js'\nimport fs from 'node:fs'",
      'lib/stream/frame.ts': "import '../errors.js'",
      'lib/stream/compile.ts': "import compiler from '@scope/compiler/deep.js'",
      'lib/errors.ts': ''
    }), [])
  })

  const upward = 'lib/wire/frame.ts imports lib/stream/pump.ts, which is in a layer above'
  for (const [name, statement] of Object.entries({
    'an import': "import { pump } from '../stream/pump.js'",
    'an import of a side effect': "import '../stream/pump.js'",
    'an import of types': "import type { Pump } from '../stream/pump.js'",
    'an export from': "export { pump } from '../stream/pump.js'",
    'an export of everything': "export * from '../stream/pump.js'",
    'an import()': "async function f () { await import('../stream/pump.js') }",
    'an import in a type': "type Pump = import('../stream/pump.js').Pump"
  })) {
    t.test(`refuses ${name} that points up`, async t => {
      t.strictSame(check({ 'lib/wire/frame.ts': statement, 'lib/stream/pump.ts': '' }), [upward])
    })
  }

  t.test('refuses cycles within a folder, also of types', async t => {
    t.strictSame(check({
      'lib/wire/a.ts': "import './b.js'",
      'lib/wire/b.ts': "import type { C } from './c.js'",
      'lib/wire/c.ts': "import './b.js'"
    }), ['lib/wire/b.ts imports lib/wire/c.ts imports lib/wire/b.ts: a cycle'])
    t.strictSame(check({ 'lib/wire/a.ts': "import './a.js'" }), ['lib/wire/a.ts imports lib/wire/a.ts: a cycle'])
  })

  t.test('refuses a file or folder that no layer lists', async t => {
    t.strictSame(check({ 'lib/channel/replay.ts': '', 'lib/errors-more.ts': '' }), [
      'lib/channel/replay.ts is in no layer; list it, or its folder',
      'lib/errors-more.ts is in no layer; list it, or its folder'
    ])
  })

  t.test('refuses an import of what is not there or elsewhere', async t => {
    t.strictSame(check({ 'lib/index.ts': "import '../test/helpers/x.js'\nimport './gone.js'" }), [
      'lib/index.ts imports test/helpers/x.js, which is not a module of lib/ or types/',
      'lib/index.ts imports lib/gone.js, which is not a module of lib/ or types/'
    ])
  })

  t.test('leaves a reserved package to its file, also its types', async t => {
    t.strictSame(check({ 'lib/index.ts': "import 'compiler'\nimport type { C } from '@scope/compiler/deep.js'" }), [
      'lib/index.ts imports compiler, which is left to lib/stream/compile.ts',
      'lib/index.ts imports @scope/compiler, which is left to lib/stream/compile.ts'
    ])
  })

  t.test('lets types/ be imported, and import, for types alone', async t => {
    t.strictSame(check({
      'lib/errors.ts': "import type { A } from '../types/a.js'\nexport type { B } from '../types/b.js'",
      'types/a.ts': "import type { B } from './b.js'\nimport type { Pump } from '../lib/stream/pump.js'",
      'types/b.ts': "import type { A } from './a.js'",
      'lib/stream/pump.ts': ''
    }), [])
    t.strictSame(check({
      'lib/errors.ts': "import { type A } from '../types/a.js'",
      'types/a.ts': "import { b } from './b.js'\nimport '../lib/errors.js'",
      'types/b.ts': ''
    }), [
      'lib/errors.ts imports types/a.ts at run time; use import type',
      'types/a.ts imports types/b.ts at run time; use import type',
      'types/a.ts imports lib/errors.ts at run time; use import type'
    ])
  })
})

t.test('a module of types alone does not run', async t => {
  t.equal(runs("import type { A } from './a.js'\nexport interface B { a: A }\nexport type C = B"), false)
  t.equal(runs("import { type A } from './a.js'\nexport interface B { a: A }"), true)
  t.equal(runs('export const a = 1'), true)
})

/** What runs when these modules run. */
function closure (roots: readonly string[], sources: Sources): Set<string> {
  const reached = new Set(roots)
  for (const path of reached) { // a Set also iterates over what is added on the way
    for (const { target, typeOnly } of importsOf(path, sources)) if (!typeOnly && sources.has(target)) reached.add(target)
  }
  return reached
}

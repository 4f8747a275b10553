import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import t from 'tap'

const MAX_BYTES = 4 * 1024

t.test('a page loads 4 KiB at most, and nothing of the server', async t => {
  const { outputFiles: [bundle], metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../../lib/client/connect.ts', import.meta.url))],
    absWorkingDir: fileURLToPath(new URL('../../', import.meta.url)),
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser'
  })
  const bytes = gzipSync(bundle?.contents ?? '', { level: 9 }).length
  t.comment(`${bytes} bytes`)
  t.ok(bytes > 2_000 && bytes <= MAX_BYTES, `${bytes} bytes`)
  const [output] = Object.values(metafile.outputs)
  t.strictSame(output?.imports, [], 'it is complete')
  const others = Object.keys(output?.inputs ?? {}).filter(path => !path.startsWith('lib/client/'))
  t.strictSame(others.sort(), ['lib/wire/end-id.ts', 'node_modules/eventsource-parser/dist/index.js'])
})

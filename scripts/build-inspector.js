// Makes lib/inspector/assets.ts of lib/inspector/page/: the page as strings, so that both module systems have it, and nothing
// is read from a disk while it runs. What it makes is committed; a test makes it again and compares.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const page = join(root, 'lib/inspector/page')
const target = join(root, 'lib/inspector/assets.ts')

/** @returns the source of lib/inspector/assets.ts */
export async function inspectorAssets () {
  const assets = {
    PAGE: readFileSync(join(page, 'index.html'), 'utf8'),
    STYLE: readFileSync(join(page, 'style.css'), 'utf8'),
    ICON: readFileSync(join(page, 'icon.svg'), 'utf8'),
    SCRIPT: await bundle()
  }
  const version = createHash('sha256').update(JSON.stringify(assets)).digest('base64url').slice(0, 16)
  return [
    '// Made of lib/inspector/page/ by `npm run build:inspector`. Change it there.',
    '',
    '/** Of all that follows: a page that is open can tell whether it is this one. */',
    `export const VERSION = '${version}'`,
    ...Object.entries(assets).map(([name, text]) => `\nexport const ${name} = ${literal(text)}`),
    ''
  ].join('\n')
}

async function bundle () {
  const { outputFiles: [file], metafile: { inputs } } = await build({
    entryPoints: [join(page, 'main.ts')],
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    write: false
  })
  const packages = new Set(Object.keys(inputs).flatMap(path => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []))
  return [...packages].map(notice).join('') + file.text
}

/** A package that is copied into the page keeps its licence. */
function notice (name) {
  const entry = createRequire(import.meta.url).resolve(name)
  const folder = entry.slice(0, entry.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}`.length)
  const licence = readFileSync(join(folder, 'LICENSE'), 'utf8').trim()
  return `/*\n${name}, which is part of this file:\n\n${licence}\n*/\n`
}

/** A template literal, which can be read as what it holds. */
function literal (text) {
  return `\`${text.replace(/[\\`]|\$\{/g, found => `\\${found}`)}\``
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(target, await inspectorAssets())
}

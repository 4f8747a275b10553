import { readFileSync } from 'node:fs'
import t from 'tap'
import * as assets from '../../lib/inspector/assets.js'

t.test('what is committed is what is built', async t => {
  const { inspectorAssets } = await import(new URL('../../scripts/build-inspector.js', import.meta.url).href) as { inspectorAssets: () => Promise<string> }
  const committed = readFileSync(new URL('../../lib/inspector/assets.ts', import.meta.url), 'utf8')
  t.equal(await inspectorAssets(), committed, 'or run `npm run build:inspector`')
})

t.test('the page is whole, names what it needs by relative URLs, and has no script or style of its own', async t => {
  const { PAGE, SCRIPT, STYLE, ICON, VERSION } = assets
  t.match(VERSION, /^[\w-]{16}$/)
  const urls = [...PAGE.matchAll(/(?:src|href|action)="(?!#)([^"]*)"/g)].map(([, url]) => url)
  t.strictSame([...new Set(urls)].sort(), ['inspector.css', 'inspector.js', 'inspector.svg'])
  t.notMatch(PAGE, /<style|style=|<script(?! type="module" src="inspector.js"><\/script>)|\son\w+=/)
  t.notMatch(SCRIPT, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/)
  t.notMatch(SCRIPT + STYLE, /https?:\/\/(?!www\.w3\.org\/2000\/svg)/)
  t.match(ICON, /^<svg /)
})

t.test('the package in the script keeps its licence', async t => {
  t.match(assets.SCRIPT, /^\/\*\neventsource-parser, which is part of this file:\n\nMIT License\n\nCopyright/)
  t.match(assets.SCRIPT, 'THE SOFTWARE IS PROVIDED "AS IS"')
})

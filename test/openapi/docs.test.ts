import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { codeBlocks } from '../helpers/markdown.js'
import { Programs } from '../helpers/programs.js'
import type { Document } from './document.js'

const programs = new Programs(t, 'docs/openapi.md')

t.test('its program compiles', async t => {
  t.equal(programs.paths.length, 1)
  await t.resolves(programs.compile())
})

t.test('its program writes the document that it shows', async t => {
  const { app, document } = await import(pathToFileURL(programs.paths[0] as string).href) as { app: FastifyInstance, document: Document }
  t.teardown(async () => { await app.close() })
  const { description, content } = document.paths['/job']?.['get']?.responses['200'] ?? {}
  const { schema, itemSchema } = content?.['text/event-stream'] ?? {}
  const [shown = ''] = codeBlocks(new URL('../../docs/openapi.md', import.meta.url), 'json')
  t.same({ description, content: { 'text/event-stream': { itemSchema } } }, JSON.parse(shown))
  t.strictSame(schema, { type: 'array', items: itemSchema })
  t.strictSame(Object.keys(document.paths['/job']?.['get']?.responses ?? {}), ['200', '204', '406'])
})

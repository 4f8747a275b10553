import { type TypeBoxTypeProvider, Type } from '@fastify/type-provider-typebox'
import { build } from 'esbuild'
import Fastify, { type FastifyInstance } from 'fastify'
import sse, { type FastifySseOptions } from 'fastify-typed-sse'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { votes } from './streams.js'

/** A poll: who votes is seen by everybody at once. */
export async function buildServer (options: FastifySseOptions = {}): Promise<FastifyInstance> {
  const app = Fastify({ logger: true }).withTypeProvider<TypeBoxTypeProvider>()
  await app.register(sse, options)

  const counted = { tea: 0, coffee: 0 }
  const { tally } = votes.event
  const poll = app.sse.channel('votes', votes, { retain: 'latest', key: ({ event }) => event })
  await poll.publish(tally(counted))

  app.get('/votes', { schema: { response: { 200: votes } } }, request => poll.subscribe(request))

  app.post('/votes/:drink', {
    schema: { params: Type.Object({ drink: Type.Union([Type.Literal('tea'), Type.Literal('coffee')]) }) }
  }, async (request, reply) => {
    counted[request.params.drink]++
    await poll.publish(tally(counted))
    return await reply.code(204).send()
  })

  const page = await readFile(new URL('page/index.html', import.meta.url), 'utf8')
  const { outputFiles: [script] } = await build({
    entryPoints: [fileURLToPath(new URL('page/main.tsx', import.meta.url))],
    alias: { 'fastify-typed-sse/client': fileURLToPath(new URL('../../lib/client/connect.ts', import.meta.url)) },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    write: false
  })
  app.addHook('onSend', async (_request, reply) => {
    reply.header('content-security-policy', "default-src 'self'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
  })
  app.get('/', async (_request, reply) => await reply.type('text/html').send(page))
  app.get('/main.js', async (_request, reply) => await reply.type('text/javascript').send(script?.text))
  return app as unknown as FastifyInstance
}

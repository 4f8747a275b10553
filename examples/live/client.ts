import { build } from 'esbuild'
import type { FastifyPluginAsync } from 'fastify'
import { fileURLToPath } from 'node:url'

/** The client and its parser as one module for the browser, as any bundler makes it of `fastify-typed-sse/client`. */
export const clientRoute: FastifyPluginAsync = async app => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../lib/client/connect.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false
  })
  app.get('/modules/client.js', { logLevel: 'warn' }, async (_request, reply) => await reply.type('text/javascript').send(outputFiles[0]?.text))
}

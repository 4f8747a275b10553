import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { Programs } from '../helpers/programs.js'

/** The programs of docs/recipes.md, in their order. */
const NAMES = ['two answers', 'OpenAI', 'AI SDK', 'htmx'] as const

/** What a program listens on, and what it exports. */
export type Recipe<Exports> = Exports & { readonly app: FastifyInstance, readonly url: string }

/** Runs one of the recipes until the test ends. */
export async function runRecipe<Exports = unknown> (t: Test, name: typeof NAMES[number]): Promise<Recipe<Exports>> {
  const { paths } = new Programs(t, 'docs/recipes.md')
  t.equal(paths.length, NAMES.length)
  const program = await import(pathToFileURL(paths[NAMES.indexOf(name)] as string).href) as Exports & { app: FastifyInstance }
  t.teardown(async () => {
    const { app } = program
    // A fetch that is aborted opens a connection that it does not use, and a closing server would wait for that.
    app.server.on('connection', socket => { socket.destroy() })
    app.server.closeAllConnections()
    await app.close()
  })
  // Not `localhost`, where Fastify may listen by two servers of which the app shows one.
  const { address, family, port } = program.app.server.address() as AddressInfo
  return { ...program, url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}` }
}

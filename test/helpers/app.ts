import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import sse, { type FastifySseOptions } from '../../lib/index.js'

/** A line of the server's log, parsed. */
export interface LogLine { level: number, msg: string, err?: { code?: string, message: string }, stream?: Record<string, unknown>, [key: string]: unknown }

export interface TestApp {
  app: FastifyInstance
  /** All that was logged so far, from debug up. */
  logs: LogLine[]
  /** Resolves with the first line that matches, past or future. */
  logged: (matches: (line: LogLine) => boolean) => Promise<LogLine>
  /** Resolves with the close record of the n-th stream that has ended, counted from 0. */
  closed: (n?: number) => Promise<Record<string, unknown>>
  /** Starts to listen on a free port. */
  listen: () => Promise<{ port: number, url: string }>
}

/** A fresh app with the plugin, closed when the test ends. Its log is kept, since a stream's end is told there. */
export function testApp (t: Test, options: FastifySseOptions = {}, server: FastifyServerOptions = {}): TestApp {
  const bare = bareApp(t, server)
  bare.app.register(sse, options)
  return bare
}

/** The same without the plugin, for tests that register it beside others. */
export function bareApp (t: Test, server: FastifyServerOptions = {}): TestApp {
  const logs: LogLine[] = []
  const waiting = new Set<() => void>()
  const stream = {
    write (line: string) {
      logs.push(JSON.parse(line) as LogLine)
      for (const check of waiting) check()
    }
  }
  const app = Fastify({ ...server, logger: { level: 'debug', stream } }) as unknown as FastifyInstance
  t.teardown(async () => { await app.close() })

  const logged = async (matches: (line: LogLine) => boolean, n = 0): Promise<LogLine> => await new Promise(resolve => {
    const check = (): void => {
      const line = logs.filter(matches)[n]
      if (line === undefined) return
      waiting.delete(check)
      resolve(line)
    }
    waiting.add(check)
    check()
  })

  return {
    app,
    logs,
    logged,
    closed: async (n = 0) => (await logged(({ msg }) => msg === 'event stream closed', n)).stream ?? {},
    async listen () {
      await app.listen({ port: 0, host: '127.0.0.1' })
      const { port } = app.server.address() as { port: number }
      return { port, url: `http://127.0.0.1:${port}` }
    }
  }
}

/**
 * The same with the plugin loaded, so that it sees the routes when they are declared. Routes of a {@link testApp} are
 * declared before that, right after a `register()` without `await`, and the plugin meets them with their first request.
 */
export async function loadedApp (...parameters: Parameters<typeof testApp>): Promise<TestApp> {
  const loaded = testApp(...parameters)
  await loaded.app.after()
  return loaded
}

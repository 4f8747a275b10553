import { Type } from '@sinclair/typebox'
import type { FastifyInstance, RouteHandlerMethod, RouteShorthandOptions } from 'fastify'
import type { Test } from 'tap'
import { eventStream } from '../../lib/index.js'
import { loadedApp, type TestApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'

/** The streams that the tests of bad input declare. */
export const notes = eventStream({
  note: Type.String(),
  box: Type.Object({ any: Type.Any() }),
  text: Type.String({ contentMediaType: 'text/plain' }),
  end: Type.Null()
})

export const job = eventStream({ done: Type.Null() }, { final: ['done'] })

export const first = { event: 'box', data: { any: 1 } }
export const FIRST_FRAME = 'event: box\ndata: {"any":1}\n\n'
export const START = 'retry: 2000\n'

export interface Question extends RouteShorthandOptions {
  /** Whether the route declares {@link notes}. Default: true. */
  declared?: boolean
  /** Prepares the app. */
  prepare?: (app: FastifyInstance) => void
}

export interface Outcome extends Pick<TestApp, 'logs' | 'logged'> {
  /** Resolves with the close record. */
  closed: () => Promise<Record<string, unknown>>
  statusCode: number
  body: string
  /** Whether the body has its last chunk. */
  isComplete: boolean
  /** Code and message of an error that was answered. */
  error: { code?: string, message: string } | undefined
}

/** Asks a route with this handler, which TypeScript has not seen, over a real socket, and waits for the end of the connection. */
export async function ask (t: Test, handler: unknown, question?: Question): Promise<Outcome> {
  return await (await openRoute(t, handler, question))()
}

/** A route with this handler, to be asked one question after the other. */
export async function openRoute (t: Test, handler: unknown, { declared = true, prepare, ...options }: Question = {}): Promise<(query?: string) => Promise<Outcome>> {
  const { app, listen, logs, logged, closed } = await loadedApp(t)
  prepare?.(app)
  app.get('/notes', { ...declared && { schema: { response: { 200: notes } } }, ...options }, handler as RouteHandlerMethod)
  const { port } = await listen()
  let asked = 0
  return async (query = '') => {
    const n = asked++
    const client = new RawClient(t, port).request(`/notes${query}`, { headers: ['Connection: close'] })
    await client.until(({ ended }) => ended !== undefined)
    const { text, body, isComplete } = client
    const statusCode = Number(text.split(' ')[1])
    // Fastify answers without a content type where it could not send the headers.
    const told = statusCode >= 400 ? JSON.parse(body) as NonNullable<Outcome['error']> : undefined
    const error = told && { ...told.code !== undefined && { code: told.code }, message: told.message }
    return { statusCode, body, isComplete, error, logs, logged, closed: async () => await closed(n) }
  }
}

/** Asks for a stream whose first event is right, and returns with what error it then was broken off. */
export async function askAfterFirst (t: Test, handler: unknown, question?: Question): Promise<{ code?: string, message: string }> {
  const outcome = await ask(t, handler, question)
  await assertBrokenOff(t, outcome)
  const { err } = await outcome.logged(({ msg }) => msg === 'the source of an event stream failed')
  return { ...err?.code !== undefined && { code: err.code }, message: err?.message ?? '' }
}

/** Asserts that a stream was broken off after its first event. */
export async function assertBrokenOff (t: Test, { statusCode, body, isComplete, closed }: Outcome): Promise<void> {
  t.equal(statusCode, 200)
  t.equal(body, START + FIRST_FRAME)
  t.equal(isComplete, false, 'a stream that was broken off does not look complete')
  t.match(await closed(), { reason: 'error', events: 1 })
}

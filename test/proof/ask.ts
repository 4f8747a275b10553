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

export interface Outcome extends Pick<TestApp, 'logs' | 'logged' | 'closed'> {
  statusCode: number
  body: string
  /** Whether the body has its last chunk. */
  isComplete: boolean
  /** Code and message of an error that was answered. */
  error: { code?: string, message: string } | undefined
}

/** Asks a route with this handler, which TypeScript has not seen, over a real socket, and waits for the end of the connection. */
export async function ask (t: Test, handler: unknown, { declared = true, prepare, ...options }: Question = {}): Promise<Outcome> {
  const { app, listen, logs, logged, closed } = await loadedApp(t)
  prepare?.(app)
  app.get('/notes', { ...declared && { schema: { response: { 200: notes } } }, ...options }, handler as RouteHandlerMethod)
  const client = new RawClient(t, (await listen()).port).request('/notes', { headers: ['Connection: close'] })
  await client.until(({ ended }) => ended !== undefined)
  const { text, body, isComplete } = client
  const statusCode = Number(text.split(' ')[1])
  const told = /^content-type: application\/json/im.test(text) ? JSON.parse(body) as Outcome['error'] : undefined
  const error = told && { ...told.code !== undefined && { code: told.code }, message: told.message }
  return { statusCode, body, isComplete, error, logs, logged, closed }
}

/** Asks for a stream whose first event is right, and returns with what error it then was broken off. */
export async function askAfterFirst (t: Test, handler: unknown, question?: Question): Promise<{ code?: string, message: string }> {
  const { statusCode, body, isComplete, logged, closed } = await ask(t, handler, question)
  t.equal(statusCode, 200)
  t.equal(body, START + FIRST_FRAME)
  t.equal(isComplete, false, 'a stream that was broken off does not look complete')
  t.match(await closed(), { reason: 'error', events: 1 })
  const { err } = await logged(({ msg }) => msg === 'the source of an event stream failed')
  return { ...err?.code !== undefined && { code: err.code }, message: err?.message ?? '' }
}

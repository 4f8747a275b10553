import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { FastifyReply, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Injectable } from '../../types/testing.js'

/** What came of an injected request. */
export interface Answer {
  readonly response: LightMyRequestResponse
  /** Of the route's handler; undefined where none was reached. */
  readonly reply: FastifyReply | undefined
}

/** Fastify tells here of every handler that it calls. */
const HANDLER_START = 'tracing:fastify.request.handler:start'

/**
 * Injects a request, and finds Fastify's reply to it: the only way from there to the route and to the stream's end.
 *
 * @param leaving Aborts when the client leaves, before or after the answer.
 */
export async function inject (app: Injectable, options: InjectOptions, leaving: AbortSignal): Promise<Answer> {
  const replies = new WeakMap<object, FastifyReply>()
  const onStart = (message: unknown): void => {
    const { reply } = message as { reply: FastifyReply }
    replies.set(reply.request.raw, reply)
  }
  subscribe(HANDLER_START, onStart)
  try {
    const left = once(leaving, 'abort')
    const answered = Promise.resolve(app.inject({ ...options, payloadAsStream: true, signal: leaving }))
    // inject's own signal acts on the request, and does nothing once the body of that was read.
    Promise.all([answered, left]).then(([{ raw }]) => { raw.res.destroy() }, () => {})
    const response = await Promise.race([answered, left.then(() => { throw leaving.reason })])
    return { response, reply: replies.get(response.raw.res.req) }
  } finally {
    unsubscribe(HANDLER_START, onStart)
  }
}

import { task as streamTask, urlFor } from './one-stream.js'

/**
 * Like churn, but each stream has one event and is complete, and the connection is kept for the next one: what a stream
 * costs without its connection.
 */
export const kind = 'churn'

/** Contestants take part with what they have for one stream. */
export const entry = 'oneStream'
export const defaultOnly = ['better-sse', 'fastify-hijack', 'fastify-sse', 'node-http', 'typed-sse-declared', 'typed-sse-undeclared']

export const task = streamTask

export const path = urlFor(1)
export const until = '\r\n0\r\n\r\n'
export const keepsAlive = true

export const defaultRounds = 5

/** @param {number[]} sizes @param {boolean} isQuick */
export function cases (sizes, isQuick) {
  const count = isQuick ? 5_000 : 20_000
  return [{
    caption: `${count.toLocaleString('en')} streams of one event, 16 at a time on connections that are kept, after half as many to warm up`,
    count
  }]
}

import { inspect } from 'node:util'
import type { FastifyBaseLogger } from 'fastify'

/**
 * Logs an error that user code has thrown. One that is frozen, or has a getter that throws, makes pino throw, and where
 * nobody waits for a stream that would end the process.
 */
export function logError (log: FastifyBaseLogger, level: 'debug' | 'warn' | 'error', err: unknown, message: string): void {
  try {
    log[level]({ err }, message)
  } catch {
    log[level](`${message}: ${inspect(err, { customInspect: false })}`)
  }
}

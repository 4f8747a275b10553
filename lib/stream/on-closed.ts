import type { Socket } from 'node:net'
import { isGone, type RawResponse, waitsBehind } from './response.js'

/** Those who wait behind another response of their connection: a listener for each would be more than Node.js thinks sane. */
const waiting = new WeakMap<Socket, Set<() => void>>()

/**
 * Calls back when a response is over, whatever way it ends.
 *
 * @returns Whether it will; not where the response is over already.
 */
export function onClosed (response: RawResponse, callback: () => void): boolean {
  if (isGone(response)) return false
  const connection = waitsBehind(response)
  if (connection === undefined) {
    response.on('close', callback)
    return true
  }
  const waiters = waitersOf(connection)
  const over = (): void => { if (waiters.delete(over)) callback() }
  waiters.add(over)
  response.on('close', over)
  return true
}

function waitersOf (connection: Socket): Set<() => void> {
  const known = waiting.get(connection)
  if (known !== undefined) return known
  const waiters = new Set<() => void>()
  waiting.set(connection, waiters)
  connection.once('close', () => { for (const over of waiters) over() })
  return waiters
}

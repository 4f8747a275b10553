import type { Socket } from 'node:net'
import { isGone, type RawResponse } from './response.js'

/**
 * Calls back once, when the response is over, whatever way it ends.
 *
 * @returns Whether it will; not where the response is over already.
 */
export function onClosed (response: RawResponse, callback: () => void): boolean {
  const waitsBehind = connectionOfWaiting(response)
  if (isGone(response) || waitsBehind?.destroyed === true) return false
  if (waitsBehind === undefined) {
    response.once('close', callback)
    return true
  }
  const over = (): void => {
    response.off('close', over)
    waitsBehind.off('close', over)
    callback()
  }
  response.on('close', over)
  waitsBehind.on('close', over)
  return true
}

/**
 * The connection of a response that waits for the one before it, to a request that was sent ahead (pipelining). Node.js
 * does not tell it when the connection closes.
 */
function connectionOfWaiting (response: RawResponse): Socket | undefined {
  return response.socket === null ? response.req.socket as Socket : undefined
}

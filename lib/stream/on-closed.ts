import { isGone, type RawResponse, waitsBehind } from './response.js'

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
  const over = (): void => {
    response.off('close', over)
    connection.off('close', over)
    callback()
  }
  response.on('close', over)
  connection.on('close', over)
  return true
}

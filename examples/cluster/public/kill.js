/**
 * Ends a server, whichever of them gets the order.
 *
 * @returns {Promise<boolean>} whether anybody took the order
 */
export async function kill (pid) {
  try {
    const { ok } = await fetch('/kill', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ pid })
    })
    return ok
  } catch {
    // nginx does not answer.
    return false
  }
}

import { checkPrices } from '../prices.js'
import { bodyOf } from '../response.js'

/**
 * Checks every event that every subscriber has received.
 *
 * @param {Buffer[]} responses What each has received, from the first byte on.
 * @param {number} count Events.
 * @throws {Error} What is wrong with one of them.
 */
export function checkAll (responses, count) {
  // Most are the same, byte for byte, and what was right once needs no second look.
  let right
  responses.forEach((response, i) => {
    try {
      const body = bodyOf(response)
      if (body === right) return
      checkPrices(body, count)
      right = body
    } catch (error) {
      throw new Error(`subscriber ${i}: ${error.message}`)
    }
  })
}

/** What each step from a payload to the bytes of its frame takes, without any server, by the size of payloads. */
export const kind = 'micro'

/** Payloads take part, not libraries. */
export const directory = 'micro/payloads'

/** What they have to have. */
export const entry = 'payload'

const EVENTS = 2_000_000
const QUICK_EVENTS = 200_000

/**
 * @param {number[]} _sizes
 * @param {boolean} isQuick
 */
export function cases (_sizes, isQuick) {
  const count = isQuick ? QUICK_EVENTS : EVENTS
  return [{
    count,
    caption: `${count.toLocaleString('en')} small payloads, or as many bytes of larger ones, for each step after half as many to warm up`
  }]
}

export const placement = 'each process pinned to one core'

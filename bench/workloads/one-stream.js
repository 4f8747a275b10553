/**
 * One client reads one stream of small events from an async generator that always has the next one ready.
 *
 * @typedef {object} OneStreamTask
 * @property {(request: { url: string }) => number} countOf How many events a request asks for.
 * @property {(i: number) => { symbol: string, value: number }} payload The payload of each event, the same for every contestant. Its name is `price`.
 * @property {(() => Promise<void>) | undefined} nextTurn What a source waits for before each event, if anything.
 *
 * @typedef {(task: OneStreamTask) => Promise<import('node:http').Server>} OneStream
 */

/** The function of a contestant that takes part. */
export const entry = 'oneStream'

export const defaultCount = 200_000

/** Room for one event in the body, framing and a random id included. */
export const MAX_EVENT_BYTES = 192

/** @type {OneStreamTask} */
export const task = { countOf, payload, nextTurn: undefined }

/** @param {number} count */
export function urlFor (count) {
  return `/?events=${count}`
}

/**
 * Checks every event that was delivered: its number, its name, its data. What else a contestant writes (ids, comments,
 * a retry time) is its own affair.
 *
 * @param {string} body
 * @param {number} count
 * @throws {Error} What is wrong with it.
 */
export function check (body, count) {
  let received = 0
  for (let start = 0; start < body.length;) {
    const end = body.indexOf('\n\n', start)
    if (end === -1) throw new Error(`the last event is cut: ${JSON.stringify(body.slice(start))}`)
    const { event, data } = fieldsOf(body.slice(start, end))
    start = end + 2
    if (data === undefined && event === undefined) continue // a comment or a retry time
    const expected = JSON.stringify(payload(received))
    if (event !== 'price' || data !== expected) {
      throw new Error(`event ${received} should be price ${expected}, instead got ${String(event)} ${String(data)}`)
    }
    received++
  }
  if (received !== count) throw new Error(`there should be ${count} events, instead got ${received}`)
}

/** A price in cents, as feeds have them: another one for each event. */
function payload (i) {
  return { symbol: 'ACME', value: i / 100 }
}

function countOf (request) {
  return Number(request.url.slice(request.url.indexOf('=') + 1))
}

function fieldsOf (frame) {
  const fields = {}
  for (const line of frame.split('\n')) {
    const colon = line.indexOf(':')
    fields[line.slice(0, colon)] = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
  }
  return fields
}

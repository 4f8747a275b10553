// The events of every workload.

/** Room for one event in the body, framing and a random id included. */
export const MAX_EVENT_BYTES = 192

/**
 * A price in cents, as feeds have them: another one for each event.
 *
 * @param {number} i
 */
export function payload (i) {
  return { symbol: 'ACME', value: i / 100 }
}

/**
 * Checks every event that was delivered: its number, its name, its data. What else a contestant writes (ids, comments,
 * a retry time, a first event without a name) is its own affair.
 *
 * @param {string | Iterable<string>} body Or its parts, which may end anywhere.
 * @param {number} count
 * @throws {Error} What is wrong with it.
 */
export function checkPrices (body, count) {
  let received = 0
  for (const frame of framesOf(typeof body === 'string' ? [body] : body)) {
    const { event, data } = fieldsOf(frame)
    if (event !== 'price') continue
    const expected = JSON.stringify(payload(received))
    if (data !== expected) throw new Error(`event ${received} should be ${expected}, instead got ${String(data)}`)
    received++
  }
  if (received !== count) throw new Error(`there should be ${count} events named price, instead got ${received}`)
}

function * framesOf (parts) {
  let text = ''
  for (const part of parts) {
    text += part
    let start = 0
    for (let end; (end = text.indexOf('\n\n', start)) !== -1; start = end + 2) yield text.slice(start, end)
    text = text.slice(start)
  }
  if (text !== '') throw new Error(`the last event is cut: ${JSON.stringify(text)}`)
}

function fieldsOf (frame) {
  const fields = {}
  for (const line of frame.split('\n')) {
    const colon = line.indexOf(':')
    fields[line.slice(0, colon)] = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
  }
  return fields
}

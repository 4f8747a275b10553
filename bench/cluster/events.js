import { nowUs } from './clock.js'

/** Room for one event in the response, whatever stands around it. */
export const MAX_EVENT_BYTES = 288

/** A price in cents, another one for each event, and when it was published. */
export function payload (i) {
  return { symbol: 'ACME', value: i / 100, at: nowUs() }
}

/** What stands in event `i` and in no other. */
export function markOf (i) {
  return `"value":${i / 100},`
}

/** Who gets event `i`, where there are so many audiences. */
export function audienceOf (i, audiences) {
  return i % audiences
}

/**
 * The events of a response, or of its beginning. What has no price in it is a contestant's own affair.
 *
 * @param {Buffer} response
 * @returns {Array<{ i: number, at: number, end: number }>} With the offset of the response behind their last byte.
 * @throws {Error} When one is wrong.
 */
export function eventsOf (response) {
  const events = []
  const { body, toOffset } = unchunk(response)
  for (let start = 0; start < body.length;) {
    const end = body.indexOf('\n\n', start)
    if (end === -1) throw new Error(`the last event is cut: ${JSON.stringify(body.slice(start))}`)
    const frame = body.slice(start, end)
    start = end + 2
    if (!frame.includes('"value":')) continue
    const [, data] = /^data: ?(.*)$/m.exec(frame) ?? []
    const parsed = JSON.parse(data)
    const { symbol, value, at } = parsed.payload ?? parsed // or in an envelope with its channel
    if (symbol !== 'ACME' || !Number.isSafeInteger(at)) throw new Error(`an event should be a price, instead got ${data}`)
    events.push({ i: Math.round(value * 100), at, end: toOffset(start) })
  }
  return events
}

/**
 * Takes the chunk framing away. All of it is ASCII.
 *
 * @returns the body, and a function for places in it, in ascending order, that gives their place in the response.
 */
function unchunk (response) {
  const ends = []
  let body = ''
  for (let start = response.indexOf('\r\n\r\n') + 4; start < response.length;) {
    const lineEnd = response.indexOf('\r\n', start)
    const length = Number.parseInt(response.toString('latin1', start, lineEnd), 16)
    if (!Number.isSafeInteger(length)) throw new Error('the chunks of the response should have lengths')
    body += response.toString('latin1', lineEnd + 2, lineEnd + 2 + length)
    start = lineEnd + 2 + length + 2
    ends.push({ inBody: body.length, inResponse: start - 2 })
  }
  let next = 0
  return {
    body,
    toOffset: place => {
      while (ends[next].inBody < place) next++
      return ends[next].inResponse - (ends[next].inBody - place)
    }
  }
}

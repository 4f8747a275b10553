import { eventStream } from 'fastify-typed-sse'
import { compileStream } from '../../dist/esm/lib/schema/codec.js'
import { payloadCompiler } from '../../dist/esm/lib/schema/compile.js'
import { shareFrames } from '../../dist/esm/lib/stream/shared-frames.js'
import { eventLine, jsonFrame } from '../../dist/esm/lib/wire/frame.js'

/** What stands before the JSON of a frame. */
export const JSON_LINE = 'event: price\ndata: '

/** Different payloads, so that no step can keep a result. */
const PAYLOADS = 512

/** A stream turns what has gathered into bytes when it is about so much. */
const TURN_CHARS = 60 * 1024

const WHERE = { route: 'GET /', event: 'price' }

/**
 * The steps that an event goes through, by name: each takes how often it is to run, and returns something that depends on all
 * that it has made, so that nothing can be left out.
 *
 * @param {object} schema
 * @param {(i: number) => object} payload
 * @returns {{ runners: Record<string, (times: number) => number>, chars: number }} And how long the JSON of a payload is.
 */
export function runnersOf (schema, payload) {
  const payloads = Array.from({ length: PAYLOADS }, (_, i) => payload(i))
  const texts = payloads.map(each => JSON.stringify(each))
  const stream = eventStream({ price: schema })
  const { price } = stream.event
  const line = eventLine('price')

  let ajv
  const compile = payloadCompiler({ sharedSchemas: {}, ajv: { onCreate: created => { ajv = created } }, validate: true })
  const { encode } = compile(schema, WHERE)
  const { encode: serialize } = payloadCompiler({ sharedSchemas: {}, validate: false })(schema, WHERE)
  const codec = compileStream(stream, compile, WHERE.route)
  const check = checkOf(ajv)

  return {
    chars: texts.reduce((sum, text) => sum + text.length, 0) / PAYLOADS,
    runners: {
      check: times => count(times, i => check(payloads[i])),
      serialize: times => sum(times, i => serialize(payloads[i])),
      encode: times => sum(times, i => encode(payloads[i])),
      frame: times => gather(times, i => jsonFrame(line, texts[i], undefined, undefined)),
      whole: times => gather(times, i => codec.encode(price(payloads[i]), true)),
      byHand: times => gather(times, i => `event: price\ndata: ${JSON.stringify(payloads[i])}\n\n`)
    }
  }
}

/** The function that ajv has made of the first schema that was compiled: what an event is checked by. */
function checkOf (ajv) {
  const check = ajv.getSchema('event-1#')
  if (typeof check !== 'function') throw new Error('the check of the package should be where it was: see payloadCompiler')
  return check
}

function count (times, step) {
  let right = 0
  for (let i = 0; i < times; i++) if (step(i % PAYLOADS)) right++
  if (right < times) throw new Error('all payloads should be right')
  return right
}

function sum (times, step) {
  let chars = 0
  for (let i = 0; i < times; i++) chars += step(i % PAYLOADS).length
  return chars
}

/** As a stream does: joined, and turned into the bytes of a chunk when there are enough of them. */
function gather (times, step) {
  let bytes = 0
  let pending = ''
  for (let i = 0; i < times; i++) {
    pending += step(i % PAYLOADS)
    if (pending.length < TURN_CHARS && i + 1 < times) continue
    bytes += shareFrames(pending, 0).chunk.length
    pending = ''
  }
  return bytes
}

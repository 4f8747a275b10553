import { EVENT_STREAM } from './server.js'

/** A stream of these pieces, which ends, stays open, or breaks with an error. */
export function streaming (pieces: ReadonlyArray<string | Uint8Array>, end: 'ends' | 'stays open' | Error = 'ends'): Response {
  const encoder = new TextEncoder()
  const left = [...pieces]
  const body = new ReadableStream<Uint8Array>({
    pull (controller) {
      const piece = left.shift()
      if (piece !== undefined) controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece)
      else if (end === 'ends') controller.close()
      else if (end !== 'stays open') controller.error(end)
      else return new Promise(() => {})
    }
  }, { highWaterMark: 0 })
  return new Response(body, { headers: EVENT_STREAM })
}

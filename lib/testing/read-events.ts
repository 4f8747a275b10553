import type { Readable } from 'node:stream'
import { createParser } from 'eventsource-parser'
import type { ReceivedEvent } from '../../types/client.js'
import { END_ID } from '../wire/end-id.js'

/** What is learned beside the events. */
export interface Margin {
  retryMs: number | undefined
  lastEventId: string | undefined
  readonly comments: string[]
}

/** Names of what the plugin says to the client itself, for its last event ID alone. */
const UNSEEN = new Set(['stream-position', END_ID])

/**
 * The events of a body, as they arrive. What stands beside them is noted in the margin in its place: not before the
 * events that it follows were taken.
 *
 * @param isText Whether the data of an event of this name is raw text; else it is JSON, and what is no JSON is given as it is.
 */
export async function * readEvents (
  body: Readable, margin: Margin, isText: (name: string) => boolean
): AsyncGenerator<ReceivedEvent, undefined> {
  const arrived: Array<() => ReceivedEvent | undefined> = []
  const parser = createParser({
    onRetry: ms => { arrived.push(() => { margin.retryMs = ms }) },
    onComment: text => { arrived.push(() => { margin.comments.push(text) }) },
    onEvent: ({ event: name = 'message', data, id }) => {
      arrived.push(() => {
        margin.lastEventId = id ?? margin.lastEventId
        if (UNSEEN.has(name)) return
        const event = { event: name, data: isText(name) ? data : parse(data) }
        // That id is the plugin's mark on a final event, not one that the app has given.
        return id === undefined || id === END_ID ? event : { ...event, id }
      })
    }
  })
  const decoder = new TextDecoder()
  for await (const chunk of chunksOf(body)) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    for (const take of arrived.splice(0)) {
      const event = take()
      if (event !== undefined) yield event
    }
  }
}

/**
 * What has come of a body that broke stays in its buffer, where its iterator leaves it: it comes before the error, so
 * that a test does not depend on how soon it reads.
 */
async function * chunksOf (body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield * body as AsyncIterable<Uint8Array>
  } catch (error) {
    for (let chunk; (chunk = body.read() as Uint8Array | null) !== null;) yield chunk
    throw error
  }
}

function parse (data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return data // raw(), or a string of a route that declares nothing
  }
}

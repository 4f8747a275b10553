import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { EventSourceParserStream } from 'eventsource-parser/stream'

/** The events of a whole body. */
export function decode (body: string): EventSourceMessage[] {
  const events: EventSourceMessage[] = []
  createParser({ onEvent: event => events.push(event), onError: error => { throw error } }).feed(body)
  return events
}

/** The events of a response, as they arrive. */
export async function * eventsOf (response: Response): AsyncGenerator<EventSourceMessage> {
  if (response.body === null) return
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream({ onError: 'terminate' }))
  for await (const event of events as unknown as AsyncIterable<EventSourceMessage>) yield event
}

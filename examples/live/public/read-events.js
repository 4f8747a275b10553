import { EventSourceParserStream } from '/modules/eventsource-parser/stream.js'

/**
 * The events of a response, for streams that EventSource can't ask for, since it knows only GET.
 *
 * @param {Response} response
 * @returns {AsyncGenerator<{ event: string, data: any }>}
 */
export async function * readEvents (response) {
  const reader = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader() // not every browser can iterate over a stream
  while (true) {
    const { done, value } = await reader.read()
    if (done) return
    yield { event: value.event, data: JSON.parse(value.data) }
  }
}

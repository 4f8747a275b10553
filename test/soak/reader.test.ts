import t from 'tap'
import { Random } from '../proof/random.js'
import { Reader } from './reader.js'

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
const BODY = ['retry: 2000\n', ':\n', 'event: tick\nid: a.1\ndata: {"n":1}\n\n', 'data: {"n":2}\n\nevent: tick\nid: a.3\ndata: {"n":3}\n\n']

/** All that a reader says of a response that comes in such parts. */
function read (parts: Iterable<string>): unknown[] {
  const said: unknown[] = []
  const reader = new Reader({
    onStatus: status => { said.push(status) },
    onEvent: event => { said.push(event) },
    onRetry: retryMs => { said.push({ retryMs }) },
    onComplete: () => { said.push('complete') }
  })
  for (const part of parts) reader.push(part)
  return said
}

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`

const SAID = [
  200,
  { retryMs: 2_000 },
  { event: 'tick', id: 'a.1', data: '{"n":1}' },
  { event: 'message', id: undefined, data: '{"n":2}' },
  { event: 'tick', id: 'a.3', data: '{"n":3}' },
  'complete'
]

t.test('a reader takes events out of a response, however that is cut', async t => {
  const all = HEAD + BODY.map(chunk).join('') + '0\r\n\r\n'
  t.strictSame(read([all]), SAID)
  t.strictSame(read(all), SAID, 'into single characters')
  t.strictSame(read(HEAD + [...BODY.join('')].map(chunk).join('') + '0\r\n\r\n'), SAID, 'also into chunks of one')
  const random = new Random(1)
  for (let run = 0; run < 100; run++) {
    const parts: string[] = []
    for (let from = 0; from < all.length;) {
      const length = 1 + random.below(20)
      parts.push(all.slice(from, from += length))
    }
    t.strictSame(read(parts), SAID)
  }
})

t.test('a reader reads an answer of a known length', async t => {
  const all = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nContent-Length: 12\r\n\r\nretry: 3249\n'
  t.strictSame(read([all]), [200, { retryMs: 3_249 }, 'complete'])
  t.strictSame(read(all), [200, { retryMs: 3_249 }, 'complete'])
  t.strictSame(read(['HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}']), [503, 'complete'])
})

t.test('a reader does not count an event that was cut off', async t => {
  t.strictSame(read([HEAD + chunk('event: tick\nid: a.1\ndata: {"n":1}\n')]), [200])
})

t.test('a reader refuses what is no event stream', async t => {
  t.throws(() => read(['HTTP/1.1 200 OK\r\n\r\n']), { message: /^nothing says where this ends: HTTP\/1.1 200/ })
  t.throws(() => read([HEAD + 'data: 1\n\n\r\n']), { message: /is not the size of a chunk$/ })
  t.throws(() => read([HEAD + '1\r\n:too long']), { message: "a chunk goes on with 'too long'" })
})

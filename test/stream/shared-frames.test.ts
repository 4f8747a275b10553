import t from 'tap'
import { shareFrames } from '../../lib/stream/shared-frames.js'

t.test('holds the bytes within their chunk, in the same memory', async t => {
  for (const text of ['a\n', 'data: ü€😀\n\n', 'x'.repeat(15), 'x'.repeat(16), 'ä'.repeat(100_000)]) {
    const { bytes, chunk, events } = shareFrames(text, 3)
    t.equal(bytes.toString(), text)
    t.equal(chunk.toString(), `${bytes.length.toString(16)}\r\n${text}\r\n`)
    t.equal(bytes.buffer, chunk.buffer)
    t.equal(events, 3)
  }
})

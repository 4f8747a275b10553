import t from 'tap'
import { emptyFrames, shareFrames } from '../../lib/stream/shared-frames.js'

t.test('holds the bytes within their chunk, in the same memory', async t => {
  for (const text of ['a\n', 'data: ü€😀\n\n', 'x'.repeat(15), 'x'.repeat(16), 'ä'.repeat(100_000)]) {
    const { bytes, chunk, events } = shareFrames(text, 3)
    t.equal(bytes.toString(), text)
    t.equal(chunk.toString(), `${bytes.length.toString(16)}\r\n${text}\r\n`)
    t.equal(bytes.buffer, chunk.buffer)
    t.equal(events, 3)
  }
})

t.test('room for frames is a chunk around it', async t => {
  const { bytes, chunk, events } = emptyFrames(17, 2)
  bytes.fill('y')
  t.equal(chunk.toString(), `11\r\n${'y'.repeat(17)}\r\n`)
  t.equal(events, 2)
})

import { randomBytes } from 'node:crypto'
import { constants, createBrotliCompress, createGzip, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { Compressor } from '../../lib/stream/compressor.js'

const FLUSHING = { flush: constants.Z_PARTIAL_FLUSH, end: constants.Z_FINISH }

/** What can be read of a body that goes on. */
const unfinished = (...parts: Buffer[]): string => gunzipSync(Buffer.concat(parts), { finishFlush: constants.Z_SYNC_FLUSH }).toString()

t.test('hands on all that it takes, at once', async t => {
  const compressor = new Compressor(createGzip(), FLUSHING)
  const parts: Buffer[] = []
  let text = ''
  for (const written of ['retry: 2000\n', 'data: 1\n\n', ':\n', 'data: ü\n\n', 'x'.repeat(1_000_000)]) {
    parts.push(compressor.compress(Buffer.from(written)).bytes)
    text += written
    t.equal(unfinished(...parts), text)
  }
  t.throws(() => gunzipSync(Buffer.concat(parts)), { code: 'Z_BUF_ERROR' }, 'without its end it does not look complete')
  const rest = compressor.end()?.bytes as Buffer
  t.equal(gunzipSync(Buffer.concat([...parts, rest])).toString(), text)
})

t.test('frames what comes out as a chunk of HTTP/1.1', async t => {
  const compressor = new Compressor(createGzip(), FLUSHING)
  const { bytes, chunk, events } = compressor.compress(Buffer.from('data: 1\n\n'))
  t.equal(chunk.toString('latin1'), `${bytes.length.toString(16)}\r\n${bytes.toString('latin1')}\r\n`)
  t.equal(events, 0)
  compressor.close()
})

t.test('what comes out is not touched by what comes next, also of others', async t => {
  const [one, other] = [new Compressor(createGzip(), FLUSHING), new Compressor(createGzip(), FLUSHING)]
  const { bytes } = one.compress(Buffer.from('one'))
  other.compress(Buffer.from('other'))
  one.compress(Buffer.from('more'))
  t.equal(unfinished(bytes), 'one')
  one.close()
  other.close()
})

t.test('can take what becomes longer than its output, and what fills that exactly', async t => {
  const compressor = new Compressor(createGzip({ level: 0 }), FLUSHING)
  const written = randomBytes(500_000)
  const parts = [compressor.compress(written).bytes]
  // One of these ends where the output does, which depends on what zlib adds.
  for (let length = 65_500; length < 65_540; length++) {
    const input = randomBytes(length)
    parts.push(compressor.compress(input).bytes)
    t.ok(gunzipSync(Buffer.concat(parts), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(-length).equals(input))
  }
  parts.push(compressor.end()?.bytes as Buffer)
  t.ok(gunzipSync(Buffer.concat(parts)).subarray(0, written.length).equals(written))
})

t.test('any text in any pieces comes back, also after the same text as before', async t => {
  await fc.assert(fc.asyncProperty(fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), { maxLength: 40 }), async texts => {
    const compressor = new Compressor(createGzip({ windowBits: 9, memLevel: 1 }), FLUSHING)
    const parts = [...texts, ...texts].map(text => compressor.compress(Buffer.from(text)).bytes)
    parts.push(compressor.end()?.bytes as Buffer)
    return gunzipSync(Buffer.concat(parts)).equals(Buffer.from([...texts, ...texts].join('')))
  }))
})

t.test('ends once, and frees what it holds, also without an end', async t => {
  const engine = createGzip()
  const ended = new Compressor(engine, FLUSHING)
  t.ok(ended.end())
  t.equal(ended.end(), undefined)
  t.ok(engine.destroyed)
  ended.close()
  const left = createBrotliCompress()
  const closed = new Compressor(left, { flush: constants.BROTLI_OPERATION_FLUSH, end: constants.BROTLI_OPERATION_FINISH })
  closed.compress(Buffer.from('a'))
  closed.close()
  closed.close()
  t.ok(left.destroyed)
  t.equal(closed.end(), undefined)
  t.equal((left as unknown as { _handle: unknown })._handle, null)
})

t.test('throws what its engine fails with, and nothing is unhandled', async t => {
  const engine = createGzip()
  // After its end, zlib refuses what comes.
  const compressor = new Compressor(engine, { flush: constants.Z_FINISH, end: constants.Z_FINISH })
  compressor.compress(Buffer.from('a'))
  const failed = new Promise(resolve => { engine.once('close', resolve) })
  t.throws(() => compressor.compress(Buffer.from('b')), { code: 'Z_BUF_ERROR' })
  await failed
  t.throws(() => compressor.compress(Buffer.from('c')))
})

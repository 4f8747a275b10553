import zlib from 'node:zlib'
import type { FastifyBaseLogger } from 'fastify'
import t from 'tap'
import { Compressor } from '../../lib/stream/compressor.js'
import { type Encoder, encoderFor, encoders } from '../../lib/stream/encoders.js'
import type { ContentEncoding } from '../../types/options.js'

const HAS_ZSTD = 'createZstdCompress' in zlib

/** A logger that keeps what it is told. */
function logger (): { log: FastifyBaseLogger, warnings: unknown[] } {
  const warnings: unknown[] = []
  return { log: { warn: (details: unknown, message: string) => { warnings.push([details, message]) } } as unknown as FastifyBaseLogger, warnings }
}

// Of zstd, Node.js 20 has nothing to test but that it is not used.
const available = Object.entries(encoders).filter(([encoding]) => encoding !== 'zstd' || HAS_ZSTD)

for (const [encoding, encoder] of available) {
  t.test(`${encoding} at each level`, async t => {
    for (const level of [undefined, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      const compressor = new Compressor(encoder.open(level), encoder)
      const parts: Buffer[] = []
      let text = ''
      for (let n = 0; n < 50; n++) {
        const frame = `event: tick\ndata: {"n":${n}}\n\n`
        parts.push(compressor.compress(Buffer.from(frame)).bytes)
        text += frame
        t.equal(encoder.decode(Buffer.concat(parts), encoder.flush).toString(), text)
      }
      parts.push(compressor.end()?.bytes as Buffer)
      const body = Buffer.concat(parts)
      t.equal(encoder.decode(body).toString(), text)
      t.ok(body.length < text.length)
    }
  })

  t.test(`${encoding} is there`, async t => {
    const { log, warnings } = logger()
    t.equal(encoderFor(encoding as ContentEncoding, log), encoder)
    t.equal(encoderFor(encoding as ContentEncoding, log), encoder)
    t.strictSame(warnings, [])
  })
}

t.test('what does not work as it should is not used, and that is logged once', async t => {
  const { gzip } = encoders
  const broken: Record<string, Encoder> = {
    'cannot be opened': { ...gzip, open: () => { throw new Error('no such thing') } },
    'lacks what is not documented': { ...gzip, open: () => Object.assign(gzip.open(), { _handle: undefined }) },
    'holds back what it was given': { ...gzip, flush: zlib.constants.Z_NO_FLUSH },
    'does not end': { ...gzip, end: zlib.constants.Z_SYNC_FLUSH },
    'comes out as something else': { ...gzip, decode: (bytes, finishFlush) => finishFlush === undefined ? Buffer.from('else') : gzip.decode(bytes, finishFlush) }
  }
  for (const [what, encoder] of Object.entries(broken)) {
    const { log, warnings } = logger()
    t.equal(encoderFor('gzip', log, encoder), undefined, what)
    t.equal(encoderFor('gzip', log, encoder), undefined, what)
    t.strictSame(warnings, [[
      { encoding: 'gzip', node: process.version },
      'event streams are not compressed, since zlib of this version of Node.js works in another way'
    ]], what)
  }
})

t.test('zstd is used where Node.js has it', async t => {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number]
  t.equal(HAS_ZSTD, major > 23 || (major === 23 && minor >= 8) || (major === 22 && minor >= 15))
  const { log, warnings } = logger()
  t.equal(encoderFor('zstd', log), HAS_ZSTD ? encoders.zstd : undefined)
  t.equal(warnings.length, HAS_ZSTD ? 0 : 1)
  t.throws(() => encoders.zstd.decode(Buffer.from('not compressed')))
})

import type { Transform } from 'node:stream'
import zlib, { type BrotliOptions } from 'node:zlib'
import type { FastifyBaseLogger } from 'fastify'
import type { ContentEncoding } from '../../types/options.js'
import { Compressor, type Flushing } from './compressor.js'

/** How a content encoding is made. */
export interface Encoder extends Flushing {
  /** A compressor of node:zlib. @param level From 1, the least work, to 9, the fewest bytes. */
  readonly open: (level?: number) => Transform
  /** Reads a body. @param finishFlush How it may end; like a whole body, if nothing else is said. */
  readonly decode: (bytes: Buffer, finishFlush?: number) => Buffer
}

/** With what @types/node 20 does not know. */
type Zlib = typeof zlib & {
  readonly constants: Readonly<Record<string, number>>
  readonly createZstdCompress: (options: BrotliOptions) => Transform
  readonly zstdDecompressSync: (bytes: Buffer, options: BrotliOptions) => Buffer
}

// Not by name, since Node.js 20 would refuse the import of what it does not have.
const { constants, createBrotliCompress, brotliDecompressSync, createGzip, gunzipSync, createZstdCompress, zstdDecompressSync } = zlib as Zlib

/** Of the buffer that each has for itself. It is not used here, so the least there may be. */
const chunkSize = 64

// Windows and tables are such that a stream takes some 100 KB (brotli: 310) instead of 230 to 950, which costs a few percent
// of the bytes. Levels are such that many streams, none of which finds its tables in the processor's caches, take little CPU
// time. The numbers are in docs/compression.md, by bench/compression.ts.

const gzip: Encoder = {
  // Level 6 saves another tenth of the bytes and takes three times the CPU time.
  open: (level = 1) => createGzip({ chunkSize, level, windowBits: 13, memLevel: 5 }),
  // Z_SYNC_FLUSH would add four bytes to each event, a tenth of a small one.
  flush: constants.Z_PARTIAL_FLUSH,
  end: constants.Z_FINISH,
  decode: (bytes, finishFlush = constants.Z_FINISH) => gunzipSync(bytes, { finishFlush })
}

const br: Encoder = {
  // From 4 on a stream takes twice the memory, and with 2 a fifth more bytes. With 1, brotli finds nothing of what was
  // flushed before, and small events become longer.
  open: (level = 3) => createBrotliCompress({
    chunkSize, params: { [constants.BROTLI_PARAM_QUALITY]: Math.max(2, level), [constants.BROTLI_PARAM_LGWIN]: 14 }
  }),
  flush: constants.BROTLI_OPERATION_FLUSH,
  end: constants.BROTLI_OPERATION_FINISH,
  decode: (bytes, finishFlush = constants.BROTLI_OPERATION_FINISH) => brotliDecompressSync(bytes, { finishFlush })
}

const zstd: Encoder = {
  open: (level = 3) => createZstdCompress({
    chunkSize,
    params: Object.fromEntries([
      [constants.ZSTD_c_compressionLevel, level],
      [constants.ZSTD_c_windowLog, 14],
      [constants.ZSTD_c_hashLog, 11],
      [constants.ZSTD_c_chainLog, 11]
    ]) as Record<number, number>
  }),
  flush: constants.ZSTD_e_flush as number,
  end: constants.ZSTD_e_end as number,
  decode: (bytes, finishFlush = constants.ZSTD_e_end as number) => zstdDecompressSync(bytes, { finishFlush })
}

export const encoders: Readonly<Record<ContentEncoding, Encoder>> = { zstd, gzip, br }

/** Those that were tried, and whether they do what is asked of them. */
const tried = new Map<Encoder, boolean>()

/**
 * The encoder for an encoding. Undefined where it does not work, since it relies on what Node.js does not document. That is
 * logged once.
 */
export function encoderFor (encoding: ContentEncoding, log: FastifyBaseLogger, encoder = encoders[encoding]): Encoder | undefined {
  if (!tried.has(encoder)) {
    tried.set(encoder, works(encoder))
    if (tried.get(encoder) === false) log.warn({ encoding, node: process.version }, 'event streams are not compressed, since zlib of this version of Node.js works in another way')
  }
  return tried.get(encoder) === true ? encoder : undefined
}

/** Whether each part of a body can be read as soon as it is there, and the whole body at its end. */
function works (encoder: Encoder): boolean {
  try {
    const compressor = new Compressor(encoder.open(), encoder)
    const parts: Buffer[] = []
    for (const text of ['first', 'second']) {
      parts.push(compressor.compress(Buffer.from(text)).bytes)
      if (!encoder.decode(Buffer.concat(parts), encoder.flush).toString().endsWith(text)) return false
    }
    const rest = compressor.end()?.bytes as Buffer
    return encoder.decode(Buffer.concat([...parts, rest])).toString() === 'firstsecond'
  } catch {
    // Whatever is missing or behaves in another way: nothing is compressed by it.
    return false
  }
}

import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import zlib, { constants } from 'node:zlib'
import type { ContentEncoding } from '../../lib/index.js'

/** What @types/node 20 does not know. */
const { createZstdDecompress, constants: { ZSTD_e_flush: zstdFlush } } = zlib as typeof zlib & {
  readonly createZstdDecompress?: (options: { flush: number }) => Transform
  readonly constants: { readonly ZSTD_e_flush: number }
}

/** The encodings of this Node.js. */
export const encodings: readonly ContentEncoding[] = createZstdDecompress === undefined ? ['gzip', 'br'] : ['zstd', 'gzip', 'br']

/** What a response says, as it comes. It fails where the response was cut. */
export function decoded (response: IncomingMessage): Transform {
  const decoder = decoderFor(response.headers['content-encoding'])
  response.on('error', error => { decoder.destroy(error) })
  return response.pipe(decoder)
}

function decoderFor (encoding: string | undefined): Transform {
  if (encoding === 'gzip') return zlib.createGunzip({ flush: constants.Z_SYNC_FLUSH })
  if (encoding === 'br') return zlib.createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH })
  if (encoding === 'zstd' && createZstdDecompress !== undefined) return createZstdDecompress({ flush: zstdFlush })
  throw new Error(`the response is encoded by ${encoding}`)
}

/** Text that can't be compressed to much less, and is another each time. */
export function noise (length: number): string {
  let text = ''
  while (text.length < length) text += Math.random().toString(36).slice(2)
  return text.slice(0, length)
}

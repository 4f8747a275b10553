import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import type { ContentEncoding, ResolvedStreamOptions } from '../../types/options.js'
import { Compressor } from './compressor.js'
import { encoderFor } from './encoders.js'

/** @types/negotiator 0.6 does not know that the server may have an order of its own. */
interface EncodingNegotiator {
  readonly encoding: (available: readonly string[], options: { preferred: readonly string[] }) => string | undefined
}

/** What compresses the stream of a reply, if that should be and its client takes it: the reply then says how. */
export function compressorFor (reply: FastifyReply, { compress }: Readonly<ResolvedStreamOptions>): Compressor | undefined {
  // Whoever has set an encoding has encoded it, or does so in an onSend hook. Or says by `identity` that nobody should.
  if (compress === false || reply.hasHeader('content-encoding')) return undefined
  const encoding = negotiate(reply.request, compress.encodings)
  const encoder = encoding && encoderFor(encoding, reply.log)
  if (encoder === undefined) return undefined
  const compressor = new Compressor(encoder.open(compress.level), encoder)
  reply.header('content-encoding', encoding)
  return compressor
}

/** What the client likes best; of what it likes equally, the first. Undefined if that is what is not encoded. */
function negotiate (request: FastifyRequest, encodings: readonly ContentEncoding[]): ContentEncoding | undefined {
  // As @fastify/compress has it: a page can set this header, but not Accept-Encoding.
  if (request.headers['x-no-compression'] !== undefined) return undefined
  const available = [...encodings, 'identity']
  const encoding = (new Negotiator(request.raw) as unknown as EncodingNegotiator).encoding(available, { preferred: available })
  return encoding === 'identity' ? undefined : encoding as ContentEncoding | undefined
}

import Fastify from 'fastify'
import t from 'tap'
import { compressorFor } from '../../lib/stream/content-encoding.js'
import type { ContentEncoding, ResolvedStreamOptions } from '../../types/options.js'

const GZIP_FIRST = ['gzip', 'br'] as const
const BR_FIRST = ['br', 'gzip'] as const

/** By which encoding an answer is compressed to a request with these headers. */
async function chosen (headers: Record<string, string>, encodings: readonly ContentEncoding[] | undefined, own?: string): Promise<unknown> {
  const app = Fastify()
  app.get('/', async (_request, reply) => {
    if (own !== undefined) reply.header('content-encoding', own)
    const compress = encodings === undefined ? false : { encodings, level: undefined }
    const compressor = compressorFor(reply, { compress } as ResolvedStreamOptions)
    compressor?.close()
    return { isCompressed: compressor !== undefined, encoding: reply.getHeader('content-encoding') }
  })
  const { isCompressed, encoding } = (await app.inject({ url: '/', headers })).json()
  await app.close()
  return isCompressed ? encoding : undefined
}

t.test('a stream is compressed in the way that its client likes best, and of these the first', async t => {
  const cases: Array<[accepts: string | undefined, encodings: readonly ContentEncoding[], expected: string | undefined]> = [
    [undefined, GZIP_FIRST, undefined],
    ['', GZIP_FIRST, undefined],
    ['gzip', GZIP_FIRST, 'gzip'],
    ['GZIP', GZIP_FIRST, 'gzip'],
    ['gzip, deflate, br', GZIP_FIRST, 'gzip'],
    ['br, gzip', GZIP_FIRST, 'gzip'],
    ['gzip, br', BR_FIRST, 'br'],
    ['gzip, br', ['gzip'], 'gzip'],
    ['br', ['gzip'], undefined],
    ['gzip;q=0.5, br;q=0.8', GZIP_FIRST, 'br'],
    ['gzip;q=0, br', GZIP_FIRST, 'br'],
    ['gzip;q=0', ['gzip'], undefined],
    ['gzip;q=0.2', ['gzip'], 'gzip'],
    ['gzip;q=0.5, identity', GZIP_FIRST, undefined],
    ['identity', GZIP_FIRST, undefined],
    ['identity;q=0', GZIP_FIRST, undefined],
    ['identity;q=0, gzip', GZIP_FIRST, 'gzip'],
    ['identity;q=0, *;q=0.1', GZIP_FIRST, 'gzip'],
    ['*', BR_FIRST, 'br'],
    ['*;q=0.5, br;q=0', BR_FIRST, 'gzip'],
    ['gzip;q=1, *;q=0', BR_FIRST, 'gzip'],
    ['*;q=0', BR_FIRST, undefined],
    ['deflate, compress', GZIP_FIRST, undefined],
    ['nonsense;;q=,', GZIP_FIRST, undefined]
  ]
  for (const [accepts, encodings, expected] of cases) {
    t.equal(await chosen(accepts === undefined ? {} : { 'accept-encoding': accepts }, encodings), expected, `${accepts} of ${encodings}`)
  }
})

t.test('nothing is compressed', async t => {
  const headers = { 'accept-encoding': 'gzip' }
  t.test('where that is not asked for', async t => { t.equal(await chosen(headers, undefined), undefined) })
  t.test('where the route has encoded it, or says that nobody should', async t => {
    for (const own of ['gzip', 'x-own', 'identity']) t.equal(await chosen(headers, GZIP_FIRST, own), undefined)
  })
  t.test('for a client that says so by x-no-compression', async t => {
    t.equal(await chosen({ ...headers, 'x-no-compression': '1' }, GZIP_FIRST), undefined)
  })
})

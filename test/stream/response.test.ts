import t from 'tap'
import { abortResponse, afterFlush, disarmConnectionTimeout, type RawResponse } from '../../lib/stream/response.js'

/** A response with just what is looked at. */
const response = (parts: object): RawResponse => ({ req: { httpVersionMajor: 1 }, ...parts }) as unknown as RawResponse

t.test('nothing is written to a response that has ended or whose client has left', async t => {
  const write = (): void => { t.fail('written') }
  afterFlush(response({ writableEnded: true, write }), write)
  afterFlush(response({ destroyed: true, write }), write)
})

t.test('a session of HTTP/2 that is gone has no timeout to put back', async t => {
  t.doesNotThrow(disarmConnectionTimeout(response({ req: { httpVersionMajor: 2 }, stream: {} })))
})

t.test('a response whose socket is gone or can not be reset is destroyed', async t => {
  for (const socket of [null, { resetAndDestroy: () => { throw new Error('ERR_INVALID_HANDLE_TYPE') } }, {}]) {
    let destroyed = 0
    abortResponse(response({ headersSent: true, chunkedEncoding: false, socket, destroy: () => { destroyed++ } }))
    t.equal(destroyed, 1)
  }
})

import t from 'tap'
import { streamClosed } from '../../lib/stream/stream-closed.js'

t.test('says why, without a stack, and leaves the stacks of others alone', async t => {
  const { stackTraceLimit } = Error
  const error = streamClosed('client')
  t.match(error, { code: 'FST_ERR_SSE_STREAM_CLOSED', message: 'the event stream was closed: client' })
  t.notMatch(error.stack, /\n +at /)
  t.equal(Error.stackTraceLimit, stackTraceLimit)
})

import t from 'tap'
import { isTopicPrefix, topicPrefix } from '../../lib/channel/topic-prefix.js'

t.test('only what it makes is a pattern, and that does not change', async t => {
  const prefix = topicPrefix('user.')
  t.equal(prefix.prefix, 'user.')
  t.ok(Object.isFrozen(prefix))
  t.equal(isTopicPrefix(prefix), true)
  t.equal(isTopicPrefix(topicPrefix('')), true)
  for (const other of ['user.', { prefix: 'user.' }, { ...prefix }, JSON.parse(JSON.stringify(prefix)), null, undefined, 7]) {
    t.equal(isTopicPrefix(other), false)
  }
})

t.test('takes a string', async t => {
  for (const [wrong, shown] of [[undefined, 'undefined'], [{ prefix: 'a' }, 'Object'], [7, '7']] as const) {
    t.throws(() => topicPrefix(wrong as never), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID', message: `subscribe(): topicPrefix() takes a string, instead got '${shown}'` })
  }
})

import t from 'tap'
import { replyCode, toUnreachable, Unreachable } from '../../../lib/brokers/redis/unreachable.js'

t.test('an answer of the server has a code, an error of the client has none', async t => {
  for (const [message, code] of [
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'WRONGTYPE'],
    ['NOSCRIPT No matching script.', 'NOSCRIPT'],
    ['READONLY', 'READONLY'],
    ["ERR Error running script (call to f_0123): @user_script:12: @user_script: 12: -READONLY You can't write against a read only replica. ", 'READONLY'],
    ['ERR Error running script (call to f_0123): @user_script:12: something else', 'ERR'],
    ['connect ECONNREFUSED 127.0.0.1:6379', undefined],
    ['Connection is closed.', undefined],
    ['', undefined]
  ] as const) {
    t.equal(replyCode(new Error(message)), code, message)
  }
  t.equal(replyCode(undefined), undefined)
})

t.test('only a server that was reached may have done something', async t => {
  for (const [message, wasSent] of [
    ['Connection is closed.', true],
    ['LOADING Redis is loading the dataset in memory', false],
    ['CLUSTERDOWN The cluster is down', false],
    ['READONLY You can\'t write against a read only replica.', false]
  ] as const) {
    const cause = new Error(message)
    t.match(toUnreachable(cause), { wasSent, cause })
    t.ok(toUnreachable(cause) instanceof Unreachable)
  }
  const refusal = new Error('OOM command not allowed')
  t.equal(toUnreachable(refusal), refusal)
})

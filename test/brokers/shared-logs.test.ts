import t from 'tap'
import { SharedLogs, type SharedLog } from '../../lib/brokers/shared-logs.js'
import type { LogOptions } from '../../types/broker.js'
import { EVERYTHING, note, SILENT } from './conformance/harness.js'

const OPTIONS: LogOptions = { name: 'notes', retention: EVERYTHING, idempotencyWindowMs: 1, log: SILENT }

/** Logs that note what is done with them. */
function logs () {
  const calls: string[] = []
  const shared = new SharedLogs(({ name }): SharedLog => {
    calls.push(`make ${name}`)
    return {
      append: ({ data }) => {
        calls.push(`append ${data}`)
        return { epoch: 'e', offset: 1 }
      },
      head: async () => ({ epoch: 'e', offset: 1 }),
      read: async () => ({ epoch: 'e', lost: false, records: [], through: 1, earliest: 0 }),
      follow: () => {
        calls.push('follow')
        return () => { calls.push('stop') }
      },
      close: async () => { calls.push(`close ${name}`) }
    }
  })
  return { shared, calls }
}

t.test('all who open a name have the same log, which is closed with the last of them', async t => {
  const { shared, calls } = logs()
  const [first, second, other] = [shared.open(OPTIONS), shared.open({ ...OPTIONS }), shared.open({ ...OPTIONS, name: 'other' })]
  await Promise.all([first.append(note('a')), second.append(note('b'))])
  await first.close()
  await first.close()
  await second.append(note('c'))
  await second.close()
  t.strictSame(calls, ['make notes', 'make other', 'append a', 'append b', 'append c', 'close notes'])
  await other.close()
  shared.open(OPTIONS)
  t.equal(calls.at(-1), 'make notes')
})

t.test('what one follows ends when that one closes', async t => {
  const { shared, calls } = logs()
  const [first, second] = [shared.open(OPTIONS), shared.open(OPTIONS)]
  const follower = { begin () {}, receive () {} }
  first.follow(follower)
  first.follow(follower)()
  second.follow(follower)
  t.strictSame(calls.slice(1), ['follow', 'follow', 'stop', 'follow'])
  await first.close()
  t.strictSame(calls.slice(5), ['stop'])
  t.throws(() => first.follow(follower), { code: 'FST_ERR_SSE_CHANNEL_CLOSED' })
  await t.rejects(first.head(), { code: 'FST_ERR_SSE_CHANNEL_CLOSED' })
  await t.rejects(first.read(undefined, 1), { code: 'FST_ERR_SSE_CHANNEL_CLOSED' })
  t.equal((await second.head()).offset, 1)
  t.equal((await second.read(undefined, 1)).through, 1)
})

t.test('a name can not be opened with other limits', async t => {
  const { shared } = logs()
  shared.open(OPTIONS)
  t.throws(() => shared.open({ ...OPTIONS, idempotencyWindowMs: 2 }), { code: 'FST_ERR_SSE_OPTION_INVALID', message: /^the history of channel 'notes' should be what the other apps that share it have/ })
  t.throws(() => shared.open({ ...OPTIONS, retention: { latest: true, maxKeys: 1 } }), { code: 'FST_ERR_SSE_OPTION_INVALID' })
})

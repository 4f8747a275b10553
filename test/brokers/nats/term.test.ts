import type { ServerInfo } from '@nats-io/nats-core'
import t from 'tap'
import { fromEpoch, lifeOf, termOf, toEpoch } from '../../../lib/brokers/nats/term.js'

const info = (fields: Partial<ServerInfo>): ServerInfo => ({ server_id: 'NA', jetstream: true, ...fields }) as ServerInfo

t.test('each process of a server has its own term', async t => {
  t.equal(termOf(info({})), termOf(info({})))
  t.not(termOf(info({})), termOf(info({ server_id: 'NB' })))
})

t.test('servers of a cluster, and those without JetStream, have one', async t => {
  const terms = [{ cluster: 'c' }, { cluster: 'c', server_id: 'NB' }, { jetstream: false }, { jetstream: undefined }].map(fields => termOf(info(fields as Partial<ServerInfo>)))
  t.strictSame(new Set(terms), new Set(['0']))
})

t.test('an epoch has 19 characters at most, and one underscore', async t => {
  for (let index = 0; index < 1_000; index++) {
    const [life, term] = [lifeOf('stream', `${index}`), termOf(info({ server_id: `${index}` }))]
    const epoch = toEpoch(life, term)
    if (!/^[A-Za-z0-9-]{12}_[A-Za-z0-9-]{6}$/.test(epoch)) t.fail(epoch)
    t.strictSame(fromEpoch(epoch), { life, term })
  }
})

t.test('a stream that is made anew, and another one, has another life', async t => {
  t.equal(lifeOf('a', '2026-01-01T00:00:00Z'), lifeOf('a', '2026-01-01T00:00:00Z'))
  t.not(lifeOf('a', '2026-01-01T00:00:00Z'), lifeOf('a', '2026-01-01T00:00:00.1Z'))
  t.not(lifeOf('a', '2026-01-01T00:00:00Z'), lifeOf('b', '2026-01-01T00:00:00Z'))
})

t.test('what is not an epoch of ours has no life', async t => {
  for (const epoch of ['', 'a', 'constructor']) t.equal(fromEpoch(epoch).life, '')
})

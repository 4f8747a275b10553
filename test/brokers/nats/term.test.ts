import type { ServerInfo } from '@nats-io/nats-core'
import t from 'tap'
import { fromEpoch, isBeforeLoss, lifeOf, termBefore, termOf, toEpoch } from '../../../lib/brokers/nats/term.js'

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

t.test('places before a loss have a term that no server has, and an epoch of 32 characters at most', async t => {
  const [life, term] = [lifeOf('stream', 'x'), termOf(info({}))]
  const before = termBefore({ term, seq: Number.MAX_SAFE_INTEGER })
  t.match(toEpoch(life, before), /^[\w-]{1,32}$/)
  t.strictSame(fromEpoch(toEpoch(life, before)), { life, term: before })
  t.strictSame([before, term].map(isBeforeLoss), [true, false])
})

t.test('a stream that is made anew, and another one, has another life', async t => {
  t.equal(lifeOf('a', '2026-01-01T00:00:00Z'), lifeOf('a', '2026-01-01T00:00:00Z'))
  t.not(lifeOf('a', '2026-01-01T00:00:00Z'), lifeOf('a', '2026-01-01T00:00:00.1Z'))
  t.not(lifeOf('a', '2026-01-01T00:00:00Z'), lifeOf('b', '2026-01-01T00:00:00Z'))
})

t.test('what is not an epoch of ours has no life', async t => {
  for (const epoch of ['', 'a', 'constructor']) t.equal(fromEpoch(epoch).life, '')
})

import t from 'tap'
import { formatPosition, newLife, parsePlace, toEpoch } from '../../../lib/brokers/redis/place.js'

t.test('an epoch has the life of a log and its term', async t => {
  const term = Date.UTC(2026, 0, 1)
  const life = newLife()
  t.match(life, /^[A-Za-z0-9]{8}$/)
  t.match(toEpoch(life, term), /^[A-Za-z0-9]{8}_[a-z0-9]{8}$/)
  t.strictSame(parsePlace(`${life} ${term} 9007199254740991`), { epoch: toEpoch(life, term), offset: Number.MAX_SAFE_INTEGER, term })
  t.strictSame(formatPosition({ epoch: toEpoch(life, term), offset: 7 }), [life, String(term), '7'])
})

t.test('what was never a position is none that a log has', async t => {
  for (const epoch of ['', '_', 'a', 'a_', 'a_-1', 'a_1.5', 'a_A', 'a_ 1', 'a_01', 'a_1_2', `a_${'z'.repeat(20)}`, '_1']) {
    t.strictSame(formatPosition({ epoch, offset: 7 }), ['-', '0', '0'], epoch)
  }
  for (const offset of [NaN, Infinity, 1.5]) t.strictSame(formatPosition({ epoch: 'a_1', offset }), ['-', '0', '0'])
})

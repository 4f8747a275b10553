import t from 'tap'
import { Rates } from '../../lib/inspector/rates.js'

t.test('tells how much a second is added from one look to the next', async t => {
  const rates = new Rates<string>()
  t.equal(rates.of('a'), null)
  rates.look(1_000, [['a', 10], ['b', 0]])
  t.equal(rates.of('a'), null, 'once is not enough')
  rates.look(3_000, [['a', 30], ['b', 5]])
  t.strictSame([rates.of('a'), rates.of('b')], [10, 2.5])
  rates.look(3_500, [['a', 30]])
  t.strictSame([rates.of('a'), rates.of('b')], [0, null], 'and who is gone is forgotten')
  rates.look(4_500, [['a', 20], ['b', 7]])
  t.strictSame([rates.of('a'), rates.of('b')], [0, null], 'a rate is never negative, and who comes back begins anew')
})

t.test('two looks at the same time change nothing', async t => {
  const rates = new Rates<object>()
  const one = {}
  rates.look(0, [[one, 0]])
  rates.look(1_000, [[one, 4]])
  rates.look(1_000, [[one, 9]])
  t.equal(rates.of(one), 4)
  rates.clear()
  t.equal(rates.of(one), null)
})

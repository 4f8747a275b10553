import t from 'tap'
import { Witness } from '../../../lib/brokers/nats/witness.js'

const at = (epoch: string, offset: number) => ({ epoch, offset })

t.test('doubts the last place that it has seen, from when the connection is lost until it is trusted', async t => {
  const witness = new Witness()
  witness.doubt()
  t.equal(witness.doubted, undefined)
  for (const position of [at('life_a', 5), at('life_a', 7), at('life_a', 6), at('life_b', 6)]) witness.see(position)
  t.equal(witness.doubted, undefined)
  witness.doubt()
  witness.see(at('life_b', 9))
  witness.doubt()
  t.strictSame(witness.doubted, at('life_a', 7))
  witness.trust()
  t.equal(witness.doubted, undefined)
  witness.doubt()
  t.strictSame(witness.doubted, at('life_b', 9))
})

t.test('what is gone is replaced by what says so, and another life by its own', async t => {
  const witness = new Witness()
  witness.see(at('life_a', 7))
  witness.doubt()
  witness.replace(at('life_b', 3))
  t.equal(witness.doubted, undefined)
  witness.doubt()
  t.strictSame(witness.doubted, at('life_b', 3))
  witness.trust()
  witness.see(at('other_a', 1))
  witness.doubt()
  t.strictSame(witness.doubted, at('other_a', 1))
})

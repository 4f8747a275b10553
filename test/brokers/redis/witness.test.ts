import t from 'tap'
import { Witness } from '../../../lib/brokers/redis/witness.js'

t.test('bears witness of the last record it has seen', async t => {
  const witness = new Witness()
  t.strictSame(witness.opening.slice(1), ['-', '0', '0'])
  for (const [epoch, offset, expected] of [
    ['lifelife_z', 5, ['lifelife', '35', '5']],
    ['lifelife_z', 4, ['lifelife', '35', '5']],
    ['lifelife_z', 6, ['lifelife', '35', '6']],
    ['lifelife_10', 1, ['lifelife', '36', '1']]
  ] as const) {
    witness.see({ epoch, offset })
    t.strictSame(witness.opening.slice(1), expected)
  }
})

t.test('offers one life until it is taken, and then another', async t => {
  const witness = new Witness()
  const [life = ''] = witness.opening
  witness.see({ epoch: 'lifelife_1', offset: 1 })
  t.equal(witness.opening[0], life)
  witness.see({ epoch: `${life}_1`, offset: 1 })
  t.match(witness.opening[0], /^[A-Za-z0-9]{8}$/)
  t.not(witness.opening[0], life)
})

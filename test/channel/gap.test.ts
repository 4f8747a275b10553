import t from 'tap'
import { Gap } from '../../lib/channel/gap.js'

t.test('a gap weighs nothing, and no other replaces it', async t => {
  const gap = new Gap(7, 3)
  t.strictSame([gap.offset, gap.earliest, gap.size], [7, 3, 0])
  t.equal(gap.key, gap)
  t.not(new Gap(7, 3).key, gap.key)
})

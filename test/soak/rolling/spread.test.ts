import t from 'tap'
import { spreadOf } from './spread.js'

const every = (count: number, ms: number, fromMs: number): number[] => Array.from({ length: count }, (_, i) => fromMs + i * ms)

t.test('those who come evenly have no peak', async t => {
  const { count, mean, perSecond, peak } = spreadOf(every(200, 10, 5_000), 5_000, 2_000)
  t.strictSame([count, mean, peak], [200, 100, 1])
  t.strictSame(perSecond, Array.from({ length: 10 }, () => 100))
})

t.test('those who come all at once have the highest peak', async t => {
  const { mean, perSecond, peak } = spreadOf(every(200, 0.1, 5_450), 5_000, 2_000)
  t.strictSame([mean, peak], [100, 10])
  t.strictSame(perSecond, [0, 0, 1_000])
})

t.test('those who come later than they should are counted too', async t => {
  const { perSecond, peak } = spreadOf([...every(100, 10, 0), ...every(100, 1, 2_600)], 0, 2_000)
  t.strictSame(perSecond, [100, 100, 100, 100, 100, 0, 0, 0, 0, 0, 0, 0, 0, 500])
  t.equal(peak, 5)
})

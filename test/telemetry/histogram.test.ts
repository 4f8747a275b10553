import t from 'tap'
import { Histogram } from '../../lib/telemetry/histogram.js'

t.test('a duration is in the first bucket whose bound it does not exceed', async t => {
  const histogram = new Histogram()
  for (const seconds of [0, 0.000_5, 0.000_6, 0.3, 60, 61, Infinity]) histogram.observe(seconds)
  const { bounds, counts, count } = histogram.read()
  t.strictSame(counts.length, bounds.length + 1)
  t.strictSame(
    [0.000_5, 0.001, 0.25, 0.5, 60].map(bound => counts[bounds.indexOf(bound)]),
    [2, 1, 0, 1, 1]
  )
  t.equal(counts.at(-1), 2, 'above all bounds')
  t.equal(count, 7)
})

t.test('the bounds ascend', async t => {
  const { bounds } = new Histogram().read()
  t.strictSame([...bounds].sort((a, b) => a - b), bounds)
})

t.test('the sum is that of all durations', async t => {
  const histogram = new Histogram()
  for (const seconds of [0.25, 0.5, 100]) histogram.observe(seconds)
  t.equal(histogram.read().sum, 100.75)
})

t.test('what was read stays as it is', async t => {
  const histogram = new Histogram()
  const before = histogram.read()
  histogram.observe(1)
  t.strictSame(before, new Histogram().read())
})

import t from 'tap'
import { Random } from '../proof/random.js'
import { fitTrend, type Point } from './trend.js'

const points = (count: number, value: (minutes: number, streams: number) => number, streams: (i: number) => number): Point[] => {
  return Array.from({ length: count }, (_, i) => ({ minutes: i / 6, streams: streams(i), value: value(i / 6, streams(i)) }))
}

t.test('a trend tells what grows with time from what grows with streams', async t => {
  const moving = (i: number): number => 2_000 + 500 * (i % 3)
  const { perMinute, error } = fitTrend(points(60, (minutes, streams) => 1e6 + 700 * minutes + 20_000 * streams, moving))
  t.ok(Math.abs(perMinute - 700) < 0.01, `${perMinute}`)
  t.ok(error < 0.01, `± ${error}`)
})

t.test('a trend of as many streams all the time is a line', async t => {
  const { level, perMinute, error } = fitTrend(points(5, minutes => 100 + 6 * minutes, () => 10))
  t.strictSame([level, perMinute, error].map(each => Math.round(each * 1e6) / 1e6), [102, 6, 0])
})

t.test('a trend knows how sure it is', async t => {
  const random = new Random(7)
  const { perMinute, error } = fitTrend(points(600, minutes => 10 * minutes + 100 * random.next(), () => 10))
  t.ok(Math.abs(perMinute - 10) < 4 * error, `${perMinute} ± ${error}`)
  // Of values between 0 and 100, 600 of them over 100 minutes: 28.9 / sqrt(600 · 833)
  t.ok(Math.abs(error - 0.0408) < 0.004, `± ${error}`)
})

t.test('a trend of three points is none', async t => {
  t.throws(() => fitTrend(points(3, () => 1, () => 1)), { message: 'a trend takes four points, instead got 3' })
})

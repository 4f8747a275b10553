import fc from 'fast-check'
import t from 'tap'
import { areaPath, linePath, niceMax, visible } from '../../../lib/inspector/page/plot.js'

const area = { left: 10, top: 5, width: 100, height: 50 }
const scale = { from: 0, to: 10_000, max: 10 }

t.test('the greatest value of a scale is the next round number', async t => {
  for (const [value, max] of [[0, 2], [NaN, 2], [1, 2], [1.2, 2], [3, 5], [10, 10], [10.1, 20], [99, 100], [240, 250], [260, 500], [1_000, 1_000]] as const) {
    t.equal(niceMax(value), max, String(value))
  }
  for (const [value, max] of [[0, 1024], [1, 2], [300, 512], [1024, 1024], [1025, 2048], [200_000, 262_144], [1024 ** 2 * 700, 1024 ** 3]] as const) {
    t.equal(niceMax(value, true), max, `${value} bytes`)
  }
})

t.test('nothing is above it, and it is not far above', async () => {
  fc.assert(fc.property(fc.double({ min: 2, max: 1e12, noNaN: true }), fc.boolean(), (value, isBinary) => {
    const max = niceMax(value, isBinary)
    return max >= value && max <= value * 2.5
  }))
})

t.test('points are joined by lines, with the least at the bottom', async t => {
  const points = [{ at: 0, value: 0 }, { at: 2_000, value: 5 }, { at: 4_000, value: 10 }]
  t.equal(linePath(points, area, scale), 'M10,55L30,30 50,5')
  t.equal(areaPath(points, area, scale), 'M10,55L10,55 30,30 50,5 50,55Z')
})

t.test('where nobody has looked there is no line, and what stands alone is a dot', async t => {
  const points = [{ at: 0, value: 5 }, { at: 1_000, value: 5 }, { at: 5_000, value: 5 }, { at: 9_000, value: 20 }, { at: 10_000, value: 5 }]
  t.equal(linePath(points, area, scale), 'M10,30L20,30M60,30h0M100,5L110,30')
  t.equal(areaPath(points, area, scale), 'M10,55L10,30 20,30 20,55ZM100,55L100,5 110,30 110,55Z')
  t.equal(linePath([], area, scale), '')
  t.equal(areaPath([], area, scale), '')
})

t.test('what is out of sight is left out', async t => {
  const points = [-1, 0, 5_000, 10_000, 10_001].map(at => ({ at, value: 1 }))
  t.strictSame(visible(points, scale).map(({ at }) => at), [0, 5_000, 10_000])
})

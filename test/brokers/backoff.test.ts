import t from 'tap'
import { backoffMs } from '../../lib/brokers/backoff.js'

t.test('waits up to twice as long each time, at most a second, and never the same for all', async t => {
  for (const [tries, most] of [[0, 25], [1, 50], [5, 800], [6, 1_000], [50, 1_000], [2_000, 1_000]] as const) {
    const waits = Array.from({ length: 200 }, () => backoffMs(tries))
    t.ok(waits.every(wait => wait >= 0 && wait <= most), `at most ${most} ms`)
    t.ok(Math.max(...waits) > most / 2 && new Set(waits).size > 5)
  }
})

import t from 'tap'
import { requireBinary } from '../../helpers/services.js'
import { judge } from './judge.js'
import { rollingRestart } from './restart.js'

t.setTimeout(120_000)

t.test('two instances are replaced one after the other: no client misses an event, and they do not all come back at once', async t => {
  const redisServer = requireBinary(t, 'redis-server')
  if (redisServer === undefined) return
  const rolled = await rollingRestart(t, redisServer, {
    clients: 200, rate: 50, seed: 1, overMs: 2_000, plugin: { retryMs: 100, closeSpreadMs: 0 }
  })
  for (const { streams, seconds, spread: { mean, peak } } of rolled.replaced) {
    t.comment(`${streams} streams, ready again after ${seconds.toFixed(1)} s; they came back at ${mean} a second, at most ${(peak * mean).toFixed(0)}`)
  }
  t.ok(rolled.crowd.events > rolled.crowd.clients, `${rolled.crowd.events} events were delivered`)
  for (const line of judge(rolled).lines) if (/^(?:not )?ok /.test(line)) t.equal(line.startsWith('ok '), true, line.replace(/^(?:not )?ok \d+ - /, ''))
})

import { parseArgs } from 'node:util'
import { findBinary } from '../../helpers/services.js'
import { ProgramLifetime } from '../program-lifetime.js'
import { judge } from './judge.js'
import { rollingRestart } from './restart.js'

// Two instances behind a balancer are replaced one after the other: npm run soak:rolling -- --clients 1000 --over-ms 30000

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '50' },
    'over-ms': { type: 'string', default: '30000' },
    'expected-ms': { type: 'string', default: '30000' },
    seed: { type: 'string', default: '1' }
  }
})
const number = (name: keyof typeof values, least: number): number => {
  const value = Number(values[name])
  if (Number.isInteger(value) && value >= least) return value
  throw new Error(`--${name} should be a whole number, ${least} at least, instead got '${values[name]}'`)
}
const overMs = number('over-ms', 0)
const options = { clients: number('clients', 1), rate: number('rate', 1), seed: number('seed', 0), overMs, expectedMs: overMs === 0 ? number('expected-ms', 1) : overMs }

const lifetime = new ProgramLifetime()
try {
  const redisServer = findBinary('redis-server')
  if (redisServer === undefined) throw new Error('this needs redis-server, which is not installed (on Debian: apt install redis-server)')
  const rolled = await rollingRestart(lifetime, redisServer, options)
  const { crowd, published } = rolled
  console.log(`${crowd.clients} clients, ${published} events published, ${crowd.events} delivered, ${crowd.connections} connections; ` +
    `drained over ${options.overMs} ms; Node.js ${process.version}\n`)
  console.log('| instance | streams | ready again after | came back, a second | highest tenth | of the mean | each tenth of the drain, and after it |\n| --- | --- | --- | --- | --- | --- | --- |')
  for (const [i, { streams, seconds, spread: { mean, peak, perSecond } }] of rolled.replaced.entries()) {
    const cells = [i + 1, streams, `${seconds.toFixed(1)} s`, mean.toFixed(1), (peak * mean).toFixed(1), peak.toFixed(2), perSecond.map(each => each.toFixed(0)).join(' ')]
    console.log(`| ${cells.join(' | ')} |`)
  }
  const checks = judge(rolled)
  console.log(`\n${checks.lines.join('\n')}`)
  if (!checks.isGood) process.exitCode = 1
} catch (error) {
  console.log(`not ok 1 - the restart runs to its end\n#   ${(error as Error).stack?.replaceAll('\n', '\n#   ')}\n1..1\n# { total: 1, pass: 0, fail: 1 }`)
  process.exitCode = 1
} finally {
  await lifetime.end()
}

import t from 'tap'
import { Health } from '../../lib/brokers/health.js'

t.test('says once that an engine is away, and once that it is back, for all connections', async t => {
  const said: string[] = []
  const health = new Health('Redis')
  const [first, second, third] = [{}, {}, {}]
  health.lost(first, new Error('before anybody listens'))
  health.back(first)
  health.log = { warn: ({ err }: { err: Error }) => { said.push(`warn ${err.message}`) }, info: () => { said.push('info') } } as never
  health.back(first)
  health.lost(first, new Error('a'))
  health.lost(first, new Error('b'))
  health.lost(second, new Error('c'))
  t.strictSame(said, ['warn a'])
  health.back(first)
  t.strictSame(said, ['warn a'])
  health.back(second)
  t.strictSame(said, ['warn a', 'info'])
  health.lost(third, new Error('d'))
  health.forget(third)
  health.back(third)
  t.strictSame(said, ['warn a', 'info', 'warn d'], 'a connection that was given up does not come back')
})

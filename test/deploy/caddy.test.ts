import t from 'tap'
import { open } from './client.js'
import { startBehind } from './instance.js'
import { caddy } from './kinds.js'
import { isUnaware, sendUntilLeft } from './leaving.js'
import { pageConfig } from './proxy.js'
import { testReadiness, testStopping } from './stopping.js'
import { testProxy, textOf } from './suite.js'
import { versionOf } from './version.js'

t.setTimeout(180_000)

const isOld = /^v?2\.6\./.test(versionOf('caddy', 'version'))

/** Asks the instances often. */
const HASTY = { 'health_interval 1s': 'health_interval 50ms' }

testProxy(caddy, {
  impatient: { 'read_timeout 60s': 'read_timeout 1s' },
  // The configuration of the page compresses already, but not event streams.
  compressing: {},
  hidesCuts: () => isOld
})

testReadiness(caddy, HASTY)
testStopping(caddy, HASTY)

t.test('Caddy tells the app that a client has left when the app has written again, where flush_interval is -1', async t => {
  const changes = { 'health_interval 1s': 'health_interval 1s\n    flush_interval -1' }
  const behind = await startBehind(t, caddy, { options: { heartbeatMs: Infinity }, changes })
  if (behind === undefined) return
  const stream = await open(t, behind.proxy.origin)
  stream.leave()
  t.ok(await isUnaware(t, behind))
  await sendUntilLeft(t, behind)
})

t.test('Caddy 2.6 holds back what it compresses, where encode takes all that is text', async t => {
  const [choice = ''] = /^ {2}encode gzip \{\n.*?\n {2}\}\n/ms.exec(pageConfig(caddy)) ?? []
  const behind = await startBehind(t, caddy, { changes: { [choice]: '  encode gzip\n' } })
  if (behind === undefined) return
  const { instance, proxy } = behind
  const stream = await open(t, `${proxy.origin}/large`, { headers: { 'accept-encoding': 'gzip' } })
  t.equal(stream.headers['content-encoding'], 'gzip')
  instance.served.items[0]?.send(1)
  if (isOld) {
    for (let n = 0; n < 50; n++) t.equal((await open(t, `${proxy.origin}/ready`)).status, 200)
    t.equal(textOf(stream), '')
  } else t.comment('not tried with this version')
  await instance.app.close()
  t.equal(await stream.ended, 'complete')
  t.match(textOf(stream), /^retry: 2000\ndata: x+\n\ndata: 1\n\nretry: \d+\n$/)
})

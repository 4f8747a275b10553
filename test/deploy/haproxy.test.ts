import t from 'tap'
import { open } from './client.js'
import { startBehind } from './instance.js'
import { haproxy } from './kinds.js'
import { isUnaware, sendUntilLeft } from './leaving.js'
import { testReadiness, testStopping } from './stopping.js'
import { testProxy } from './suite.js'
import { versionOf } from './version.js'

t.setTimeout(180_000)

const version = versionOf('haproxy', '-v')
/** How the page says to do without TLS. */
const PLAIN = { ' ssl crt /etc/haproxy/app.pem alpn h2,http/1.1': '' }

/** Asks the instances often. */
const HASTY = { 'inter 1s': 'inter 50ms' }

testProxy(haproxy, {
  impatient: { 'timeout server 60s': 'timeout server 1s', 'timeout client 60s': 'timeout client 1s' },
  compressing: { 'balance leastconn': 'balance leastconn\n  compression algo gzip\n  compression type text/event-stream' },
  hidesCuts: protocol => protocol === 'HTTP/2' && / version 2\.6\./.test(version)
})

testReadiness(haproxy, HASTY)
testStopping(haproxy, HASTY)

t.test('without http-no-delay and TLS, HAProxy holds each event back', async t => {
  const held = await startBehind(t, haproxy, { changes: { ...PLAIN, '  option http-no-delay\n': '' } })
  const prompt = await startBehind(t, haproxy, { changes: PLAIN })
  if (held === undefined || prompt === undefined) return
  const measure = async ({ instance, proxy }: typeof held): Promise<number> => {
    const stream = await open(t, proxy.origin)
    const startedAtMs = performance.now()
    for (let n = 0; n < 5; n++) {
      instance.served.items[0]?.send(n)
      await stream.chunks.until(() => stream.text().endsWith(`data: ${n}\n\n`))
    }
    return performance.now() - startedAtMs
  }
  const heldMs = await measure(held)
  t.ok(heldMs > 5 * 150, `five events took ${heldMs} ms`)
  const promptMs = await measure(prompt)
  t.ok(promptMs < heldMs, `with it ${promptMs} ms`)
})

t.test('without abortonclose, HAProxy tells the app that a client has left when the app has written again', async t => {
  const behind = await startBehind(t, haproxy, { options: { heartbeatMs: Infinity }, changes: { '  option abortonclose\n': '' } })
  if (behind === undefined) return
  const stream = await open(t, behind.proxy.origin)
  stream.leave()
  t.ok(await isUnaware(t, behind))
  await sendUntilLeft(t, behind)
})

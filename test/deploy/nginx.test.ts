import t from 'tap'
import { open } from './client.js'
import { startBehind } from './instance.js'
import { nginx } from './kinds.js'
import { testStopping } from './stopping.js'
import { sendEach, testProxy } from './suite.js'

t.setTimeout(180_000)

testProxy(nginx, {
  impatient: { 'proxy_read_timeout 60s': 'proxy_read_timeout 1s' },
  compressing: { 'upstream app {': 'gzip on; gzip_types *; gzip_proxied any; upstream app {' },
  hidesCuts: () => false
})

// It asks nobody, and learns from refused connections.
testStopping(nginx)

t.test('each stream takes two of the worker_connections of nginx', async t => {
  const behind = await startBehind(t, nginx, { changes: { 'worker_connections 32768': 'worker_connections 64' } })
  if (behind === undefined) return
  // One is the port that it listens on. With 31 streams one is left, for another client, but not for the app as well.
  for (let n = 0; n < 31; n++) t.equal((await open(t, behind.proxy.origin)).status, 200)
  t.equal((await open(t, behind.proxy.origin)).status, 500)
})

t.test('nginx holds events back where its buffering was left on and the header that turns it off is ignored', async t => {
  const changes = { 'proxy_buffering off;': 'proxy_ignore_headers X-Accel-Buffering;' }
  const behind = await startBehind(t, nginx, { changes })
  if (behind === undefined) return
  let arrived = false
  const opening = open(t, behind.proxy.origin).then(stream => {
    arrived = true
    return stream
  })
  await behind.instance.served.until(({ length }) => length === 1)
  behind.instance.served.items[0]?.send(1)
  // nginx is one process here: it would have passed the event on before it has answered all of these.
  for (let n = 0; n < 50; n++) t.equal((await open(t, `${behind.proxy.origin}/ready`)).status, 200)
  t.notOk(arrived, 'not even the head')
  await behind.instance.app.close()
  const stream = await opening
  t.equal(await stream.ended, 'complete')
  t.match(stream.text(), /^retry: 2000\ndata: 1\n\nretry: \d+\n$/)
})

t.test('the configuration of the page turns buffering off also where the header is ignored', async t => {
  const changes = { 'proxy_buffering off;': 'proxy_buffering off; proxy_ignore_headers X-Accel-Buffering;' }
  const behind = await startBehind(t, nginx, { changes })
  if (behind === undefined) return
  const stream = await open(t, behind.proxy.origin)
  await sendEach(behind.instance.served.items[0], stream)
})

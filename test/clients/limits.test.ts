import t from 'tap'
import { loadedApp } from '../helpers/app.js'
import { launchChromium } from '../helpers/chromium.js'
import { declared, limitsOf, openStream, tickUntilAborted, untilOpen } from '../limits/server.js'
import { eventSourceKinds, eventsOf, hasGivenUp } from './event-sources.js'
import { servePage } from './page.js'

t.setTimeout(120_000)
const browser = await launchChromium(t)

t.test('an EventSource that is refused comes back when it was told to, and gets in', async t => {
  const { random } = Math
  t.teardown(() => { Math.random = random })
  const kinds = eventSourceKinds(browser)
  const { app, listen } = await loadedApp(t, { maxStreams: kinds.length }, { forceCloseConnections: true }) // browsers open connections ahead
  servePage(app)
  app.get('/ticks', declared, async function * (_request, reply) { yield * tickUntilAborted(reply.sse.signal) })
  const { port, url } = await listen()
  const limits = limitsOf(app)
  const others = await Promise.all(kinds.map(async () => await openStream(t, port, '/ticks')))

  Math.random = () => 0 // in 5 s, which is the earliest
  const sources = await Promise.all(kinds.map(async kind => ({ name: kind.name, source: await kind.open(t, url, '/ticks', ['tick']) })))
  for (const { name, source } of sources) {
    await source.fired.until(items => items.some(({ type }) => type === 'error'))
    t.equal(hasGivenUp(source.fired.items), false, `${name} has not given up`)
  }
  t.equal(limits.refusals.total, kinds.length)
  for (const { socket } of others) socket.destroy()
  await untilOpen(limits, 0)
  for (const { name, source } of sources) {
    await source.fired.until(() => eventsOf(source).length > 0)
    t.strictSame(eventsOf(source), [['tick', '1', '']], name)
    await source.close()
  }
  t.equal(limits.refusals.total, kinds.length, 'none of them has tried before')
})

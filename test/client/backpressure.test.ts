import t from 'tap'
import { loadedApp } from '../helpers/app.js'
import { open } from './server.js'

// A consumer that takes its time makes the server wait.

const EVENT_BYTES = 64 * 1024
/** What the buffers of both ends, and of the network between them, take in: some megabytes. */
const MAX_AHEAD = 32 * 1024 * 1024 / EVENT_BYTES

t.test('the server gets no further ahead of a slow consumer than the buffers are long', async t => {
  let yielded = 0
  const { app, listen } = await loadedApp(t, {}, { forceCloseConnections: true })
  app.get('/', async function * () {
    for (;;) yield { data: [yielded++, 'x'.repeat(EVENT_BYTES)] }
  })
  const stream = open(t, (await listen()).url)
  const iterator = stream[Symbol.asyncIterator]()

  let expected = 0
  for (let pause = 0; pause < 3; pause++) {
    const ahead = await settled(() => yielded) - expected
    t.ok(ahead > 0 && ahead < MAX_AHEAD, `${ahead} events ahead`)
    for (let n = 0; n < MAX_AHEAD; n++) {
      const { value } = await iterator.next()
      t.equal((value.data as [number, string])[0], expected++)
    }
  }
})

t.test('nobody reads what nobody has asked for', async t => {
  let yielded = 0
  const { app, listen } = await loadedApp(t, {}, { forceCloseConnections: true })
  app.get('/', async function * () {
    for (;;) yield { data: [yielded++, 'x'.repeat(EVENT_BYTES)] }
  })
  const stream = open(t, (await listen()).url)
  t.ok(await settled(() => yielded) < MAX_AHEAD)
  t.equal(stream.state, 'open')
})

/** A number, once it has stopped growing for a while. */
async function settled (count: () => number): Promise<number> {
  let [last, still] = [0, 0]
  while (still < 20) {
    await new Promise(resolve => setTimeout(resolve, 5))
    still = count() === last && last > 0 ? still + 1 : 0
    last = count()
  }
  return last
}

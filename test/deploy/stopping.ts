import t from 'tap'
import { open } from './client.js'
import { type Instance, startInstance } from './instance.js'
import { type Changes, type ProxyKind, startProxy } from './proxy.js'

/** For a proxy that asks its instances whether they are ready. */
export function testReadiness (kind: ProxyKind, hasty: Changes): void {
  t.test(`${kind.name} sends nobody to an instance that is not ready, and leaves it the streams that it has`, async t => {
    const [one, two] = [await startInstance(t), await startInstance(t)]
    const proxy = await startProxy(t, kind, [one.port, two.port], hasty)
    if (proxy === undefined) return
    await turn(two, false)
    const kept = await open(t, proxy.origin)
    t.equal(one.served.items.length, 1)

    await turn(two, true)
    await turn(one, false)
    for (let n = 0; n < 3; n++) await open(t, proxy.origin)
    t.equal(two.served.items.length, 3, 'though it has the most streams')
    one.served.items[0]?.send(1)
    await kept.chunks.until(() => kept.text().endsWith('data: 1\n\n'))

    await turn(one, true)
    await open(t, proxy.origin)
    t.equal(one.served.items.length, 2)
  })
}

/** @param hasty Of a proxy that asks its instances whether they are ready: then one that stops waits until it was asked. */
export function testStopping (kind: ProxyKind, hasty?: Changes): void {
  t.test(`behind ${kind.name}, an instance that stops as the page says costs nobody an answer`, async t => {
    const [one, two] = [await startInstance(t), await startInstance(t)]
    const proxy = await startProxy(t, kind, [one.port, two.port], hasty)
    if (proxy === undefined) return
    // Clients that come all the time.
    const answers: unknown[] = []
    const over = new AbortController()
    const come = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const stream = await open(t, proxy.origin).catch((error: Error) => error)
        if (stream instanceof Error) answers.push(stream.message)
        else {
          answers.push(stream.status)
          stream.leave()
        }
      }
    }
    const coming = Promise.all(Array.from({ length: 4 }, come))
    await Promise.all([one, two].map(async ({ served }) => { await served.until(({ length }) => length >= 10) }))
    if (hasty !== undefined) await turn(one, false)
    await one.app.close()
    const before = two.served.items.length
    await two.served.until(({ length }) => length >= before + 50)
    over.abort()
    await coming
    t.strictSame(new Set(answers), new Set([200]))
  })
}

/** Makes an instance ready or not, and resolves when its proxy has understood: it has come to ask again. */
async function turn (instance: Instance, isReady: boolean): Promise<void> {
  instance.isReady = isReady
  const before = instance.checked.items.length
  await instance.checked.until(statuses => statuses.slice(before).filter(status => status === (isReady ? 200 : 503)).length >= 4)
}

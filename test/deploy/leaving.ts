import type { Test } from 'tap'
import { open } from './client.js'
import type { Instance } from './instance.js'
import type { Proxy } from './proxy.js'

interface Behind { readonly instance: Instance, readonly proxy: Proxy }

/** Whether the app still has its stream when the proxy, which would rather have told it first, has served many others. */
export async function isUnaware (t: Test, { instance, proxy }: Behind): Promise<boolean> {
  for (let n = 0; n < 50; n++) await open(t, `${proxy.origin}/ready`)
  return !hasClosed(instance)
}

/** Sends one event after another until the app knows that nobody reads them. */
export async function sendUntilLeft (t: Test, { instance, proxy }: Behind): Promise<void> {
  let n = 0
  while (!hasClosed(instance) && n < 50) {
    instance.served.items[0]?.send(++n)
    await open(t, `${proxy.origin}/ready`)
  }
  t.comment(`after ${n} events`)
  t.equal((await instance.closed())['reason'], 'client')
}

function hasClosed ({ logs }: Instance): boolean {
  return logs.some(({ msg }) => msg === 'event stream closed')
}

import { VERSION } from './assets.js'
import { overview } from './events.js'
import type { Sampler } from './sampler.js'
import type { Order } from './stream-rows.js'
import { Wakeup } from './wakeup.js'

type Overview = ReturnType<typeof overview.event[keyof typeof overview.event]>

/** Of which server it is. */
export interface Server {
  /** Whether there is more to tell than numbers. */
  readonly isOpen: boolean
}

/** What one page is fed, until it is closed. A page that is slow gets what is newest when it comes to read. */
export async function * overviewStream (sampler: Sampler, order: Order, { isOpen }: Server, signal: AbortSignal): AsyncGenerator<Overview, void> {
  const wakeup = new Wakeup()
  const leave = sampler.enter(wakeup.call)
  signal.addEventListener('abort', wakeup.call, { once: true })
  try {
    yield overview.event.server({
      pid: process.pid,
      startedAt: Date.now() - process.uptime() * 1_000,
      node: process.version,
      page: VERSION,
      isOpen
    })
    yield overview.event.history([...sampler.history])
    while (!signal.aborted) {
      yield sampler.read(order)
      await wakeup.next()
    }
  } finally {
    leave()
  }
}

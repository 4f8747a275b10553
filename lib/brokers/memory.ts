import type { Broker } from '../../types/broker.js'
import { MemoryLog } from './memory-log.js'
import { SharedLogs } from './shared-logs.js'

/**
 * Keeps the events of channels in this process, for apps that run as a single instance. Several apps of one process
 * that are given the same broker share their channels. What it holds is freed with the last of them: there is nothing
 * that `close()` would have to free.
 *
 * @throws FST_ERR_SSE_OPTION_INVALID (from `open`) for a channel that another app has open with other limits.
 * @example
 * const broker = memoryBroker()
 * first.register(sse, { broker })
 * second.register(sse, { broker }) // gets what the first one publishes
 */
export function memoryBroker (): Broker {
  const logs = new SharedLogs(options => new MemoryLog(options))
  return {
    open: options => logs.open(options),
    close: async () => {}
  }
}

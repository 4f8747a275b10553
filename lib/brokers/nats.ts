import type { Broker } from '../../types/broker.js'
import { Link } from './nats/link.js'
import { NatsLog } from './nats/log.js'
import { checkBrokerOptions, type NatsBrokerOptions } from './nats/options.js'
import { SharedLogs } from './shared-logs.js'

export type { NatsBrokerOptions } from './nats/options.js'

/**
 * Keeps the events of channels in NATS JetStream, one stream for each channel, for apps that run as many instances.
 *
 * @throws FST_ERR_SSE_OPTION_INVALID
 */
export function natsBroker (options: NatsBrokerOptions): Broker {
  const { connection, ...settings } = checkBrokerOptions(options)
  const link = new Link(connection)
  const logs = new SharedLogs(options => new NatsLog(link, settings, options))
  return {
    open: options => logs.open(options),
    close: async () => {}
  }
}

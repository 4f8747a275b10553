import type { Broker } from '../../types/broker.js'
import { Link } from './nats/link.js'
import { NatsLog } from './nats/log.js'
import { checkBrokerOptions, type NatsBrokerOptions } from './nats/options.js'
import { SharedLogs } from './shared-logs.js'

export type { NatsBrokerOptions }

/**
 * Keeps the events of channels in NATS JetStream, one stream for each channel, for apps that run as many instances: what
 * one publishes, the subscribers of all get, in the same order. NATS 2.9 and later, alone or as a cluster.
 *
 * What differs from other brokers: 256 events are kept at least. `maxBytes` counts names, topics and keys too, some 150
 * bytes for each event, beyond the first 1 000. An idempotency key is remembered for no longer than `maxAgeMs`. Times are
 * 100 ms at least.
 *
 * Positions tell the processes of a server that is alone apart, since one that is killed may come back with less than it
 * had. A cluster is taken at its word: with fewer than three `replicas`, it may lose what it has confirmed.
 *
 * @throws FST_ERR_SSE_OPTION_INVALID
 * @see https://docs.nats.io/nats-concepts/jetstream
 * @example
 * const connection = await connect({ servers: 'nats://localhost', maxReconnectAttempts: -1 })
 * app.register(sse, { broker: natsBroker({ connection }) })
 */
export function natsBroker (options: NatsBrokerOptions): Broker {
  const { connection, ...settings } = checkBrokerOptions(options)
  const link = new Link(connection)
  const logs = new SharedLogs(options => new NatsLog(link, settings, options))
  return {
    open: options => logs.open(options),
    close: async () => {} // what it has is freed with the last log; the connection is its owner's
  }
}

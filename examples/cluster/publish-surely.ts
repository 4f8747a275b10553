import { type Channel, errorCodes, type EventSchemas, type NamedEvents } from 'fastify-typed-sse'
import { setTimeout } from 'node:timers/promises'

const { FST_ERR_SSE_BROKER_UNAVAILABLE, FST_ERR_SSE_PUBLISH_UNCERTAIN } = errorCodes
const PAUSE_MS = 500

/**
 * Publishes an event, and again while the broker is away: with its key, so that it is there once also where nobody could
 * tell whether it was stored the first time.
 */
export async function publishSurely<Schemas extends EventSchemas> (
  channel: Channel<Schemas>, event: NamedEvents<Schemas>, idempotencyKey: string, signal: AbortSignal
): Promise<void> {
  while (true) {
    try {
      await channel.publish(event, { idempotencyKey })
      return
    } catch (error) {
      const isForLater = error instanceof FST_ERR_SSE_BROKER_UNAVAILABLE || error instanceof FST_ERR_SSE_PUBLISH_UNCERTAIN
      if (!isForLater) throw error
      await setTimeout(PAUSE_MS, undefined, { signal })
    }
  }
}

import { channel } from 'node:diagnostics_channel'
import type { ChannelWrittenMessage } from '../../types/telemetry.js'

const written = channel('fastify-typed-sse:channel:written')

/** An event of a channel that was timed was written to all who are there. */
export function announceWritten (channel: string, seconds: number): void {
  if (written.hasSubscribers) written.publish({ channel, seconds } satisfies ChannelWrittenMessage)
}

import { channel } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import type { ChannelWrittenMessage } from '../../types/telemetry.js'

const written = channel('fastify-typed-sse:channel:written')

/** An event of a channel that was timed was written to all who are there. */
export function announceWritten (app: FastifyInstance, channel: string, seconds: number): void {
  if (written.hasSubscribers) written.publish({ app, channel, seconds } satisfies ChannelWrittenMessage)
}

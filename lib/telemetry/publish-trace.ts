import { channel } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import type { ChannelPublishMessage } from '../../types/telemetry.js'

const publishing = channel('fastify-typed-sse:channel:publish')

/** An event is about to be stored. @returns Whose doing it is, if a listener has said that. */
export function traceOfPublish (app: FastifyInstance, channel: string): string | undefined {
  if (!publishing.hasSubscribers) return undefined
  const message: ChannelPublishMessage = { app, channel, trace: undefined }
  publishing.publish(message)
  return message.trace
}

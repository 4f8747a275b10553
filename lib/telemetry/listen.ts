import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import type { ChannelDeliverMessage, ChannelPublishMessage, ChannelWrittenMessage, StreamFirstEventMessage } from '../../types/telemetry.js'
import type { StreamCloseMessage, StreamOpenMessage } from '../../types/sink.js'

/** The messages of diagnostics channels, by what follows `fastify-typed-sse:` in their names. */
interface Messages {
  'stream:open': StreamOpenMessage
  'stream:first-event': StreamFirstEventMessage
  'stream:close': StreamCloseMessage
  'channel:publish': ChannelPublishMessage
  'channel:written': ChannelWrittenMessage
  'channel:deliver': ChannelDeliverMessage
}

/** Listens to what is said of one server: diagnostics channels are those of the process. @returns A function that ends it. */
export function listen<Name extends keyof Messages> (app: FastifyInstance, name: Name, listener: (message: Messages[Name]) => void): () => void {
  const onMessage = (message: unknown): void => {
    const { request, app: opener } = message as Partial<StreamOpenMessage & ChannelWrittenMessage>
    if ((request?.server ?? opener)?.server === app.server) listener(message as Messages[Name])
  }
  subscribe(`fastify-typed-sse:${name}`, onMessage)
  return () => { unsubscribe(`fastify-typed-sse:${name}`, onMessage) }
}

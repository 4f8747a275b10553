import { errorCodes } from 'fastify-typed-sse'

/** What is needed of a channel to know whether anybody reads it. */
interface Read {
  on: (name: 'subscribe' | 'unsubscribe', listener: () => void) => unknown
  subscriberCount: () => number
}

/**
 * Works while somebody reads a channel: begins with its first subscriber, and is told by the signal when the last has
 * gone. What nobody reads costs nothing.
 */
export function whileRead (channel: Read, work: (signal: AbortSignal) => Promise<void>, onError: (error: unknown) => void): void {
  let controller: AbortController | undefined

  channel.on('subscribe', () => {
    if (controller !== undefined) return
    const { signal } = controller = new AbortController()
    work(signal).catch((error: unknown) => {
      // When the server ends, its channels are closed under the hands of those who publish.
      const isOver = signal.aborted || error instanceof errorCodes.FST_ERR_SSE_CHANNEL_CLOSED
      if (!isOver) onError(error)
    })
  })
  channel.on('unsubscribe', () => {
    if (channel.subscriberCount() > 0) return
    controller?.abort()
    controller = undefined
  })
}

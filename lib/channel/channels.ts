import type { EventStream } from '../../types/event.js'
import type { ChannelOptions } from '../../types/channel.js'
import type { ChannelMetrics } from '../../types/telemetry.js'
import { FST_ERR_SSE_CHANNEL_CLOSED, FST_ERR_SSE_CHANNEL_EXISTS, FST_ERR_SSE_SUBSCRIBE_INVALID } from '../errors.js'
import { MAX_ID_BYTES } from '../wire/last-event-id.js'
import { Channel } from './channel.js'
import { resolveChannelOptions } from './channel-options.js'
import type { ChannelScope } from './channel-scope.js'
import { Subscription } from './subscription.js'

/** So that the id of all of them can be read when it comes back: 20 of up to 49 characters and what stands between them, 14 of 72. */
const MAX_MERGED = 20

/** The open channels of a scope, by name. */
export class Channels {
  readonly #open = new Map<string, Channel>()
  #isClosed = false

  get size (): number {
    return this.#open.size
  }

  /**
   * @param isReady Whether its schemas can be compiled now; otherwise {@link compile} does, or its first event.
   * @throws FST_ERR_SSE_CHANNEL_INVALID, FST_ERR_SSE_OPTION_INVALID, FST_ERR_SSE_CHANNEL_EXISTS, FST_ERR_SSE_CHANNEL_CLOSED, FST_ERR_SSE_SCHEMA_BUILD
   */
  open (name: string, stream: EventStream, options: ChannelOptions = {}, scope: ChannelScope, isReady: boolean): Channel {
    const resolved = resolveChannelOptions(name, stream, options)
    if (this.#isClosed) throw FST_ERR_SSE_CHANNEL_CLOSED(name)
    if (this.#open.has(name)) throw FST_ERR_SSE_CHANNEL_EXISTS(name)
    if (isReady) scope.compile(stream, name)
    const channel = new Channel(name, stream, resolved, scope, () => { this.#open.delete(name) })
    this.#open.set(name, channel)
    return channel
  }

  get all (): Channel[] {
    return [...this.#open.values()]
  }

  get metrics (): ChannelMetrics[] {
    return Array.from(this.#open.values(), channel => channel.measure())
  }

  /** @throws FST_ERR_SSE_SCHEMA_BUILD */
  compile (): void {
    for (const channel of this.#open.values()) channel.compile()
  }

  /** Closes all, and opens no more. */
  async close (): Promise<void> {
    this.#isClosed = true
    await Promise.all(Array.from(this.#open.values(), async channel => { await channel.close() }))
  }
}

/**
 * Makes one subscription of several.
 *
 * @throws FST_ERR_SSE_SUBSCRIBE_INVALID, FST_ERR_SSE_SUBSCRIPTION_STARTED
 */
export function merge (subscriptions: readonly unknown[]): Subscription {
  if (subscriptions.length === 0 || !subscriptions.every(each => each instanceof Subscription)) {
    throw FST_ERR_SSE_SUBSCRIBE_INVALID('merge() takes subscriptions, which subscribe() returns')
  }
  const released = subscriptions.map(each => each.release())
  const [first] = released as [typeof released[number], ...typeof released]
  const { carrier, signal } = first.owner
  const isOfOne = released.every(({ owner, told }) => told === first.told && owner.carrier === carrier && owner.signal === signal)
  if (!isOfOne) throw FST_ERR_SSE_SUBSCRIBE_INVALID('merge() takes subscriptions of the same request, with the same signal, the same lastEventId and the same position to begin from')
  const parts = released.flatMap(({ parts }) => parts)
  if (parts.length > MAX_MERGED) {
    throw FST_ERR_SSE_SUBSCRIBE_INVALID(`merge() takes ${MAX_MERGED} subscriptions at most, instead got '${parts.length}'`)
  }
  if (parts.reduce((length, { feed }) => length + feed.ids.maxLength + '~'.length, -'~'.length) > MAX_ID_BYTES) {
    throw FST_ERR_SSE_SUBSCRIBE_INVALID(`merge() takes subscriptions whose id stays within ${MAX_ID_BYTES} bytes, such as 14 of channels that sign theirs, instead got '${parts.length}'`)
  }
  const channels = parts.map(({ channel }) => channel)
  const twice = channels.find((channel, i) => channels.indexOf(channel) !== i)
  // An id has one place for each log: two that stand at different ones would miss events, or get them again.
  if (twice !== undefined) {
    throw FST_ERR_SSE_SUBSCRIBE_INVALID(`merge() takes subscriptions of different channels, instead got two of '${twice.name}'; subscribe to it once, with all topics`)
  }
  return new Subscription(parts, first.owner, first.told)
}

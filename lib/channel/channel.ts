import type { FastifyRequest } from 'fastify'
import type { Log, NewRecord, Position, Retention, StoredRecord } from '../../types/broker.js'
import type { AnyRequest, ChannelEvents, PublishOptions, SubscribeOptions, SubscriberOptions, TopicCount } from '../../types/channel.js'
import type { EventStream } from '../../types/event.js'
import type { ChannelMetrics } from '../../types/telemetry.js'
import { FST_ERR_SSE_CHANNEL_CLOSED, FST_ERR_SSE_SUBSCRIBE_INVALID } from '../errors.js'
import { ChannelTally, type LiveEnd } from '../telemetry/channel-tally.js'
import { traceOfPublish } from '../telemetry/publish-trace.js'
import { Attendance } from './attendance.js'
import { Batch } from './batch.js'
import type { ResolvedChannelOptions } from './channel-options.js'
import type { ChannelScope } from './channel-scope.js'
import { eventFilter } from './event-filter.js'
import { Feed } from './feed.js'
import { Live } from './live.js'
import type { Message } from './message.js'
import { MessageFactory } from './message-factory.js'
import { ownerOf } from './owner.js'
import { type Ids, plainIds } from './ids.js'
import { formatId } from './position.js'
import { toRecord } from './record.js'
import type { Past } from './replay.js'
import { scopeOf } from './sign-ids.js'
import { SignedIds } from './signed-ids.js'
import { Snapshots } from './snapshots.js'
import { resolveSubscribeOptions } from './subscribe-options.js'
import { Subscription } from './subscription.js'

/** A channel in this process: what is published goes to its log, and from there to its subscribers. */
export class Channel {
  readonly name: string
  readonly stream: EventStream
  readonly #options: ResolvedChannelOptions
  readonly #scope: ChannelScope
  readonly #log: Log
  readonly #live: Live
  readonly #past: Past
  readonly #messages: MessageFactory
  readonly #attendance: Attendance
  readonly #signed: SignedIds | undefined
  readonly #tally: ChannelTally
  readonly #onClosed: () => void
  #joined = new Batch([])
  #isAskingHead = false
  #snapshotError: unknown
  #closed: Promise<void> | undefined

  constructor (name: string, stream: EventStream, options: ResolvedChannelOptions, scope: ChannelScope, onClosed: () => void) {
    this.name = name
    this.stream = stream
    this.#options = options
    this.#scope = scope
    this.#onClosed = onClosed
    const log = scope.log.child({ channel: name })
    const { retention, idempotencyWindowMs, signIds } = options
    this.#log = scope.broker.open({ name, retention, idempotencyWindowMs, log: scope.log })
    this.#messages = new MessageFactory(stream, () => scope.compile(stream, name), log)
    const receive = (record: StoredRecord, epoch: string): Message => {
      this.#tally.receive(record, epoch)
      return this.#messages.of(record, epoch)
    }
    this.#live = new Live(this.#log, receive, () => { this.#tally.settle() })
    this.#tally = new ChannelTally(scope.app, name, this.#live as unknown as LiveEnd) // its subscribers are feeds
    this.#attendance = new Attendance(log)
    this.#signed = signIds && new SignedIds({ channel: name, secrets: signIds.secrets })
    const snapshots = this.#snapshots()
    this.#past = {
      name,
      log: this.#log,
      reads: scope.reads,
      isLatest: retention.latest === true,
      messagesOf: ({ epoch, records }) => records.map(record => this.#messages.of(record, epoch)),
      takeSnapshot: snapshots && (async topics => {
        const taken = await snapshots.take(topics)
        this.#tally.snapshots++
        return taken
      }),
      onSnapshotError: err => {
        if (err !== this.#snapshotError) log.error({ err }, 'a snapshot failed; a gap is told in its place')
        this.#snapshotError = err // many may have waited for the same one
      }
    }
  }

  get event (): EventStream['event'] {
    return this.stream.event
  }

  get retention (): Retention {
    return this.#options.retention
  }

  /** @throws FST_ERR_SSE_SCHEMA_BUILD */
  compile (): void {
    this.#messages.compile()
  }

  async publish (event: unknown, options: PublishOptions = {}): Promise<string> {
    this.#checkOpen()
    const record = this.#toRecord(event, options)
    const { idempotencyKey } = options
    // One that was published before is written already.
    const timing = idempotencyKey === undefined ? this.#tally.beginStoring() : undefined
    try {
      const position = await this.#log.append(record, idempotencyKey)
      this.#tally.store(position, timing)
      return formatId([position])
    } catch (error) {
      this.#tally.failToStore(timing)
      throw error
    }
  }

  subscribe (subscriber: AnyRequest | SubscriberOptions, options: SubscribeOptions<never> = {}): Subscription {
    this.#checkOpen()
    const { topics, filter, beginning, expiresAtMs } = resolveSubscribeOptions(options)
    if (beginning === 'snapshot' && this.#options.snapshot === undefined) {
      throw FST_ERR_SSE_SUBSCRIBE_INVALID(`the channel '${this.name}' has no snapshot to begin from`)
    }
    const owner = ownerOf(subscriber, this.#scope.owners)
    const { lastEventId } = owner
    const otherwise = beginning ?? (this.#past.isLatest ? 'start' : 'live')
    const from = lastEventId === undefined ? otherwise : { id: lastEventId, mayStart: otherwise === 'start' }
    const feed = new Feed({ past: this.#past, live: this.#live }, {
      topics,
      filter: filter && eventFilter(filter),
      beginning: from,
      ids: this.#idsOf(subscriber)
    })
    const identity = owner.carrier === undefined
      ? (subscriber as SubscriberOptions).identity
      : this.#options.identity?.(subscriber as FastifyRequest)
    const presence = { channel: this.name, topics, identity }
    return new Subscription([{
      channel: this,
      feed,
      expiresAtMs,
      stream: this.stream,
      join: messages => feed.ids.framesOf(this.#join(messages)),
      onGap: () => {
        this.#tally.gaps++
        if (owner.carrier !== undefined) owner.carrier.gaps++
      },
      arrive: finish => this.#attendance.arrive(presence, finish)
    }], owner, typeof from === 'object' ? from.id : undefined)
  }

  async position (subscriber?: AnyRequest | SubscriberOptions): Promise<string> {
    const ids = this.#idsOf(subscriber)
    return ids.format(await this.#log.head())
  }

  subscriberCount (topic?: string): number {
    return topic === undefined ? this.#live.subscribers.size : this.#live.count(topic)
  }

  topics (): TopicCount[] {
    return this.#live.topics
  }

  /** What has come of it in this process. Asks where its log ends, so that the next one knows how far this process is behind. */
  measure (): ChannelMetrics {
    if (this.#live.subscribers.size > 0) void this.#askHead()
    return this.#tally.read()
  }

  on<Name extends keyof ChannelEvents<unknown>> (name: Name, listener: ChannelEvents<unknown>[Name]): this {
    this.#attendance.on(name, listener)
    return this
  }

  off<Name extends keyof ChannelEvents<unknown>> (name: Name, listener: ChannelEvents<unknown>[Name]): this {
    this.#attendance.off(name, listener)
    return this
  }

  close (): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close (): Promise<void> {
    // What was published before goes out.
    await this.#live.close()
    this.#attendance.finish()
    await this.#log.close()
    this.#tally.close()
    this.#onClosed()
  }

  #toRecord (event: unknown, options: PublishOptions): NewRecord {
    const { name } = this
    const { key } = this.#options
    try {
      const record = toRecord(event, options, { name, key, encode: event => this.#messages.encode(event) })
      const trace = traceOfPublish(this.#scope.app, name)
      return trace === undefined ? record : { ...record, trace }
    } catch (error) {
      this.#tally.invalidEvents++
      throw error
    }
  }

  async #askHead (): Promise<void> {
    if (this.#isAskingHead) return
    this.#isAskingHead = true
    try {
      this.#tally.see(await this.#log.head())
    } catch (err) {
      // The broker is away, or the channel was closed: what is known stays as it is.
      this.#scope.log.debug({ err, channel: this.name }, 'the lag of a channel could not be found')
    } finally {
      this.#isAskingHead = false
    }
  }

  #snapshots (): Snapshots | undefined {
    const { snapshot, snapshotTimeoutMs: timeoutMs } = this.#options
    return snapshot && new Snapshots({
      channel: this.name,
      timeoutMs,
      take: snapshot,
      head: () => this.#live.head as Position,
      messageOf: event => this.#messages.ofSnapshot(event)
    })
  }

  /** Many who come back to the same place read the same messages: the frames that were joined last are kept for the next. */
  #join (messages: readonly Message[]): Batch {
    if (!this.#joined.holds(messages)) this.#joined = new Batch(messages)
    return this.#joined
  }

  /** @throws FST_ERR_SSE_SUBSCRIBE_INVALID */
  #idsOf (subscriber: AnyRequest | SubscriberOptions | undefined): Ids {
    const { signIds } = this.#options
    if (this.#signed === undefined || signIds === undefined) return plainIds
    const isRequest = subscriber !== undefined && ('raw' in subscriber || this.#scope.owners.carrierOf(subscriber) !== undefined)
    const request = isRequest ? subscriber as FastifyRequest : undefined
    return this.#signed.in(scopeOf(this.name, signIds, request, (subscriber as SubscriberOptions | undefined)?.scope))
  }

  #checkOpen (): void {
    if (this.#closed !== undefined) throw FST_ERR_SSE_CHANNEL_CLOSED(this.name)
  }
}

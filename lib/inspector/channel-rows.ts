import type { Retention } from '../../types/broker.js'
import type { Channel, TopicCount } from '../../types/channel.js'
import type { ChannelMetrics, DurationHistogram } from '../../types/telemetry.js'
import type { ChannelRow } from './events.js'
import { MAX_ROWS, short } from './stream-rows.js'

/** Topics that are named of a channel: there may be one for each user. */
const MAX_TOPICS = 20

const PERCENTILE = 0.95

/** What is known of the channels. */
export interface KnownChannels {
  readonly metrics: readonly ChannelMetrics[]
  readonly rateOf: (channel: string) => number | null
  /** Whether more than numbers may be told. */
  readonly isOpen: boolean
}

/** The channels with the most subscribers. Those of several scopes that have one name are one, as they are in the metrics. */
export function channelRows (channels: readonly Channel[], known: KnownChannels): ChannelRow[] {
  const open = new Map(channels.map(channel => [channel.name, channel]))
  return [...known.metrics]
    .sort((a, b) => b.subscribers - a.subscribers)
    .slice(0, MAX_ROWS)
    .flatMap(metrics => rowOf(open.get(metrics.channel), metrics, known) ?? [])
}

function rowOf (channel: Channel | undefined, metrics: ChannelMetrics, { rateOf, isOpen }: KnownChannels): ChannelRow | undefined {
  if (channel === undefined) return undefined // closed in between
  const { published, subscribers, queuedBytes, gaps, lag, publishToWrite } = metrics
  const topics = channel.topics()
  return {
    channel: channel.name,
    publishedPerSecond: rateOf(channel.name),
    published,
    subscribers,
    keeps: keeps(channel.retention),
    topicCount: topics.length,
    ...(isOpen && { topics: mostNamed(topics) }),
    queuedBytes,
    gaps,
    lag,
    ...publishToWrite.count > 0 && { publishToWriteMs: percentileMs(publishToWrite) }
  }
}

function mostNamed (topics: TopicCount[]): NonNullable<ChannelRow['topics']> {
  return topics.sort((a, b) => b.subscribers - a.subscribers).slice(0, MAX_TOPICS).map(({ topic, subscribers }) => {
    const isPrefix = typeof topic !== 'string'
    return { topic: short(isPrefix ? topic.prefix : topic), isPrefix, subscribers }
  })
}

/** In which bucket the percentile is, by its upper bound in milliseconds; -1 above all of them. */
function percentileMs ({ bounds, counts, count }: DurationHistogram): number {
  let seen = 0
  const bucket = counts.findIndex(each => (seen += each) >= count * PERCENTILE)
  const bound = bounds[bucket]
  return bound === undefined ? -1 : bound * 1_000
}

/** What of the past is kept, in words. */
export function keeps (retention: Retention): string {
  if (retention.latest === true) return `newest of ${number(retention.maxKeys)} keys`
  const { maxEvents, maxBytes, maxAgeMs } = retention
  if (maxEvents === 0) return 'nothing'
  const limits = [
    ...maxEvents === Infinity ? [] : [`${number(maxEvents)} events`],
    ...maxBytes === Infinity ? [] : [bytes(maxBytes)],
    ...maxAgeMs === Infinity ? [] : [duration(maxAgeMs)]
  ]
  return limits.length === 0 ? 'everything' : `newest ${limits.join(', ')}`
}

function number (value: number): string {
  return value === Infinity ? 'all' : value.toLocaleString('en-US')
}

function bytes (value: number): string {
  const unit = [['MiB', 1024 * 1024], ['KiB', 1024]].find(([, size]) => value >= Number(size)) ?? ['B', 1]
  return `${Math.round(value / Number(unit[1]) * 10) / 10} ${unit[0]}`
}

function duration (valueMs: number): string {
  const unit = [['h', 3_600_000], ['min', 60_000], ['s', 1_000]].find(([, size]) => valueMs >= Number(size)) ?? ['ms', 1]
  return `${Math.round(valueMs / Number(unit[1]) * 10) / 10} ${unit[0]}`
}

import t from 'tap'
import { topicPrefix } from '../../lib/channel/topic-prefix.js'
import { channelRows, keeps } from '../../lib/inspector/channel-rows.js'
import type { Retention } from '../../types/broker.js'
import type { Channel, TopicCount } from '../../types/channel.js'
import type { ChannelMetrics } from '../../types/telemetry.js'

const retention: Retention = { maxEvents: 1_000, maxBytes: 8 * 1024 * 1024, maxAgeMs: Infinity }

const fake = (name: string, topics: TopicCount[] = []): Channel => ({ name, retention, topics: () => topics } as unknown as Channel)

const measured = (channel: string, counts = [0, 0, 0], more: Partial<ChannelMetrics> = {}): ChannelMetrics => ({
  channel,
  subscribers: 0,
  published: 3,
  invalidEvents: 0,
  gaps: 1,
  snapshots: 0,
  queuedBytes: 4,
  lag: 2,
  publishToWrite: { bounds: [0.001, 0.01], counts, sum: 0, count: counts.reduce((a, b) => a + b) },
  ...more
})

t.test('a channel is told of by its numbers, and by its topics where that is allowed', async t => {
  const topics = [{ topic: 'few', subscribers: 1 }, { topic: topicPrefix('many'), subscribers: 5 }]
  const known = { metrics: [measured('a', undefined, { subscribers: 6 })], rateOf: () => 1.5 }
  const row = {
    channel: 'a', publishedPerSecond: 1.5, published: 3, subscribers: 6, keeps: 'newest 1,000 events, 8 MiB', topicCount: 2, queuedBytes: 4, gaps: 1, lag: 2
  }
  t.strictSame(channelRows([fake('a', topics)], { ...known, isOpen: false }), [row])
  t.strictSame(channelRows([fake('a', topics)], { ...known, isOpen: true }), [{
    ...row, topics: [{ topic: 'many', isPrefix: true, subscribers: 5 }, { topic: 'few', isPrefix: false, subscribers: 1 }]
  }])
})

t.test('of many channels, those with the most subscribers are told of, and of many topics likewise', async t => {
  const channels = Array.from({ length: 70 }, (_, n) => fake(`c${n}`))
  const rows = channelRows(channels, { metrics: channels.map(({ name }, n) => measured(name, undefined, { subscribers: n })), rateOf: () => null, isOpen: true })
  t.strictSame([rows.length, rows[0]?.channel, rows[49]?.channel], [50, 'c69', 'c20'])
  const topics = Array.from({ length: 30 }, (_, n) => ({ topic: `t${n}`, subscribers: n }))
  const [row] = channelRows([fake('a', topics)], { metrics: [measured('a')], rateOf: () => null, isOpen: true })
  t.strictSame([row?.topicCount, row?.topics?.length, row?.topics?.[0]?.topic], [30, 20, 't29'])
})

t.test('one that was not measured is not told of, nor one that was closed since', async t => {
  t.strictSame(channelRows([fake('a')], { metrics: [measured('b')], rateOf: () => null, isOpen: true }), [])
})

t.test('those of several scopes that have one name are one, as in the metrics', async t => {
  const rows = channelRows([fake('a'), fake('a')], { metrics: [measured('a')], rateOf: () => null, isOpen: true })
  t.strictSame(rows.map(({ channel, published }) => [channel, published]), [['a', 3]])
})

t.test('the time to write is that of 95 in 100', async t => {
  for (const [counts, expected] of [[[0, 0, 0], undefined], [[1, 0, 0], 1], [[95, 5, 0], 1], [[94, 6, 0], 10], [[0, 0, 1], -1]] as const) {
    const [row] = channelRows([fake('a')], { metrics: [measured('a', [...counts])], rateOf: () => null, isOpen: false })
    t.equal(row?.publishToWriteMs, expected, String(counts))
  }
})

t.test('what is kept is told in words', async t => {
  for (const [retention, text] of [
    [{ latest: true, maxKeys: 10_000 }, 'newest of 10,000 keys'],
    [{ latest: true, maxKeys: Infinity }, 'newest of all keys'],
    [{ maxEvents: 0, maxBytes: 1, maxAgeMs: 1 }, 'nothing'],
    [{ maxEvents: Infinity, maxBytes: Infinity, maxAgeMs: Infinity }, 'everything'],
    [{ maxEvents: 5, maxBytes: Infinity, maxAgeMs: 90_000 }, 'newest 5 events, 1.5 min'],
    [{ maxEvents: Infinity, maxBytes: 500, maxAgeMs: 500 }, 'newest 500 B, 500 ms'],
    [{ maxEvents: Infinity, maxBytes: 2_048, maxAgeMs: 7_200_000 }, 'newest 2 KiB, 2 h'],
    [{ maxEvents: Infinity, maxBytes: Infinity, maxAgeMs: 5_000 }, 'newest 5 s']
  ] as Array<[Retention, string]>) t.equal(keeps(retention), text)
})

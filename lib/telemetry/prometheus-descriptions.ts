import type { ChannelMetrics, Metrics, RouteMetrics } from '../../types/telemetry.js'
import { isTogether } from './per-channel.js'
import type { Description, Sample } from './scraped-metric.js'

/** Every metric of Prometheus: named by its conventions, in base units. docs/telemetry.md tells of each. */
export const DESCRIPTIONS: readonly Description[] = [
  gauge('streams_open', 'Event streams that are open.', ofRoutes(({ open }) => open)),
  counter('streams_opened_total', 'Event streams whose response has begun.', ofRoutes(({ opened }) => opened)),
  counter('streams_closed_total', 'Event streams that were opened and are over, by reason.', ofReasons),
  counter('streams_unopened_total', 'Event streams that ended before their response began.', ofRoutes(({ unopened }) => unopened)),
  counter('streams_resumed_total', 'Event streams that were opened with a last event ID.', ofRoutes(({ resumed }) => resumed)),
  counter('streams_refused_total', 'Event streams that limits or a drain have refused.', ofServer(({ refused }) => refused)),
  counter('events_sent_total', 'Events written to streams.', ofRoutes(({ events }) => events)),
  counter('sent_bytes_total', 'Bytes of the bodies of event streams, before any compression.', ofRoutes(({ bytes }) => bytes)),
  counter('events_invalid_total', 'Events that were refused, since they are not what their route declares.', ofRoutes(({ invalidEvents }) => invalidEvents)),
  gauge('queued_bytes', 'Bytes that wait for clients, in this process and in the queues of its sockets.', ofRoutes(({ queuedBytes }) => queuedBytes)),
  histogram('time_to_first_event_seconds', 'From when a request came to its handler to the first event of its stream.', ofRoutes(({ timeToFirstEvent }) => timeToFirstEvent)),
  gauge('unfinished_sources', 'Sources that have not ended though their stream has.', ofServer(({ unfinishedSources }) => unfinishedSources)),
  gauge('replays_running', 'Pages of history that are being read for subscribers.', ofServer(({ runningReplays }) => runningReplays)),
  gauge('replays_waiting', 'Subscribers that wait for their turn to read history.', ofServer(({ waitingReplays }) => waitingReplays)),
  gauge('channel_subscribers', 'Subscribers of a channel in this process.', ofChannels(({ subscribers }) => subscribers)),
  counter('channel_published_total', 'Events that were published to a channel by this process.', ofChannels(({ published }) => published)),
  counter('channel_invalid_total', 'Events that were refused when they were published to a channel.', ofChannels(({ invalidEvents }) => invalidEvents)),
  counter('channel_gaps_total', 'How often a subscriber was told that it has missed events which are gone.', ofChannels(({ gaps }) => gaps)),
  counter('channel_snapshots_total', 'How often a snapshot was given to a subscriber.', ofChannels(({ snapshots }) => snapshots)),
  gauge('channel_queued_bytes', 'Bytes that wait for subscribers, about, beside those that their streams have taken.', ofChannels(({ queuedBytes }) => queuedBytes)),
  gauge('channel_lag_events', 'Events that the broker has stored and that have not come to this process.', ofChannels(({ lag }) => lag)),
  histogram('channel_publish_to_write_seconds', 'From the publishing of an event until it was written to all subscribers of this process.', ofChannels(({ publishToWrite }) => publishToWrite))
]

type Samples = Description['samples']

function gauge (name: string, help: string, samples: Samples): Description {
  return { name: `fastify_sse_${name}`, type: 'gauge', help, samples }
}

function counter (name: string, help: string, samples: Samples): Description {
  return { name: `fastify_sse_${name}`, type: 'counter', help, samples }
}

function histogram (name: string, help: string, samples: Samples): Description {
  return { name: `fastify_sse_${name}`, type: 'histogram', help, samples }
}

function ofServer (value: (metrics: Metrics) => number): Samples {
  return metrics => [{ labels: {}, value: value(metrics) }]
}

function ofRoutes (value: (route: RouteMetrics) => Sample['value']): Samples {
  return ({ routes }) => routes.map(route => ({ labels: { route: route.route }, value: value(route) }))
}

function ofChannels (value: (channel: ChannelMetrics) => Sample['value']): Samples {
  return ({ channels }) => channels.map(channel => ({ labels: isTogether(channel.channel) ? {} : { channel: channel.channel }, value: value(channel) }))
}

function ofReasons ({ routes }: Metrics): Sample[] {
  return routes.flatMap(({ route, closed }) => Object.entries(closed).map(([reason, value]) => ({ labels: { route, reason }, value })))
}

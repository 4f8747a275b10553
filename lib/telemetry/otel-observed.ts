import type { ChannelMetrics, Metrics, RouteMetrics } from '../../types/telemetry.js'
import { channelAttributes, routeAttributes } from './otel-attributes.js'

type Attributes = Record<string, string>
type Kind = 'ObservableCounter' | 'ObservableUpDownCounter' | 'ObservableGauge'

/** An instrument, and where its values are found. */
export interface Observed {
  readonly name: string
  readonly kind: Kind
  readonly unit: string
  readonly description: string
  readonly values: (metrics: Metrics) => Array<[value: number, attributes: Attributes]>
}

/** Every instrument that is read when it is collected. docs/telemetry.md tells of each. */
export const OBSERVED: readonly Observed[] = [
  upDown('sse.server.active_streams', '{stream}', 'Event streams that are open.', ofRoutes(({ open }) => open)),
  counter('sse.server.stream.opened', '{stream}', 'Event streams whose response has begun.', ofRoutes(({ opened }) => opened)),
  counter('sse.server.stream.closed', '{stream}', 'Event streams that were opened and are over, by reason.', ofReasons),
  counter('sse.server.stream.unopened', '{stream}', 'Event streams that ended before their response began.', ofRoutes(({ unopened }) => unopened)),
  counter('sse.server.stream.resumed', '{stream}', 'Event streams that were opened with a last event ID.', ofRoutes(({ resumed }) => resumed)),
  counter('sse.server.stream.refused', '{stream}', 'Event streams that limits or a drain have refused.', ofServer(({ refused }) => refused)),
  counter('sse.server.stream.events', '{event}', 'Events written to streams.', ofRoutes(({ events }) => events)),
  counter('sse.server.stream.io', 'By', 'Bytes of the bodies of event streams, before any compression.', ofRoutes(({ bytes }) => bytes)),
  counter('sse.server.stream.invalid_events', '{event}', 'Events that were refused, since they are not what their route declares.', ofRoutes(({ invalidEvents }) => invalidEvents)),
  upDown('sse.server.stream.queued', 'By', 'Bytes that wait for clients, in this process and in the queues of its sockets.', ofRoutes(({ queuedBytes }) => queuedBytes)),
  upDown('sse.server.unfinished_sources', '{source}', 'Sources that have not ended though their stream has.', ofServer(({ unfinishedSources }) => unfinishedSources)),
  upDown('sse.server.replays.running', '{read}', 'Pages of history that are being read for subscribers.', ofServer(({ runningReplays }) => runningReplays)),
  upDown('sse.server.replays.waiting', '{subscriber}', 'Subscribers that wait for their turn to read history.', ofServer(({ waitingReplays }) => waitingReplays)),
  upDown('sse.server.channel.subscribers', '{subscriber}', 'Subscribers of a channel in this process.', ofChannels(({ subscribers }) => subscribers)),
  counter('sse.server.channel.published', '{event}', 'Events that were published to a channel by this process.', ofChannels(({ published }) => published)),
  counter('sse.server.channel.invalid_events', '{event}', 'Events that were refused when they were published to a channel.', ofChannels(({ invalidEvents }) => invalidEvents)),
  counter('sse.server.channel.gaps', '{gap}', 'How often a subscriber was told that it has missed events which are gone.', ofChannels(({ gaps }) => gaps)),
  counter('sse.server.channel.snapshots', '{snapshot}', 'How often a snapshot was given to a subscriber.', ofChannels(({ snapshots }) => snapshots)),
  upDown('sse.server.channel.queued', 'By', 'Bytes that wait for subscribers, about, beside those that their streams have taken.', ofChannels(({ queuedBytes }) => queuedBytes)),
  gauge('sse.server.channel.lag', '{event}', 'Events that the broker has stored and that have not come to this process.', ofChannels(({ lag }) => lag))
]

type Values = Observed['values']

function upDown (name: string, unit: string, description: string, values: Values): Observed {
  return { name, kind: 'ObservableUpDownCounter', unit, description, values }
}

function counter (name: string, unit: string, description: string, values: Values): Observed {
  return { name, kind: 'ObservableCounter', unit, description, values }
}

function gauge (name: string, unit: string, description: string, values: Values): Observed {
  return { name, kind: 'ObservableGauge', unit, description, values }
}

function ofServer (value: (metrics: Metrics) => number): Values {
  return metrics => [[value(metrics), {}]]
}

function ofRoutes (value: (route: RouteMetrics) => number): Values {
  return ({ routes }) => routes.map(route => [value(route), routeAttributes(route.route)])
}

function ofChannels (value: (channel: ChannelMetrics) => number): Values {
  return ({ channels }) => channels.map(channel => [value(channel), channelAttributes(channel.channel)])
}

function ofReasons ({ routes }: Metrics): ReturnType<Values> {
  return routes.flatMap(({ route, closed }) => Object.entries(closed).map(([reason, value]) => {
    return [value, { ...routeAttributes(route), 'sse.close.reason': reason }] satisfies [number, Attributes]
  }))
}

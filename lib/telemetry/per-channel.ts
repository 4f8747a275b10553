import type { ChannelMetrics, Metrics } from '../../types/telemetry.js'

/** Stands for all channels together: no channel has an empty name. */
const TOGETHER = ''

/** The channels by their names, or all together without one: so many series, or one. */
export function toldChannels ({ channels, allChannels }: Metrics, perChannel: boolean): ChannelMetrics[] {
  return perChannel ? channels : [{ ...allChannels, channel: TOGETHER }]
}

/** Whether it has no name, and never goes. */
export function isTogether (channel: string): boolean {
  return channel === TOGETHER
}

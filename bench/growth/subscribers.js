import { measure } from '../fan-out/measure.js'

export const unit = 'delivery'

const DELIVERIES = 200_000

/** Few subscribers get more events between two messages of the command, which would be most of the cost. */
const DELIVERIES_AHEAD = 1_000

/** @param {number} size */
export async function measureUnit (size, { portion, cores }) {
  const count = Math.ceil(DELIVERIES * portion / size)
  const { cpuMs } = await measure({
    contestantUrl: new URL('../contestants/typed-sse-channel.js', import.meta.url).href,
    workload: 'fan-out',
    subscribers: size,
    count,
    warmup: Math.ceil(count / 2),
    turnsAhead: Math.ceil(DELIVERIES_AHEAD / size),
    cores
  })
  return cpuMs / (count * size) * 1e3
}

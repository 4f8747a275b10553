import { measure } from '../fan-out/measure.js'

const DELIVERIES = 200_000

/** Few subscribers get more events between two messages of the command, which would be most of the cost. */
const DELIVERIES_AHEAD = 1_000

/**
 * CPU time of a contestant's server per delivery, in microseconds.
 *
 * @param {string} contestant
 * @param {number} subscribers
 * @param {object} run
 * @param {number} run.portion
 * @param {import('../processes.js').Cores | undefined} run.cores
 */
export async function cpuPerDeliveryUs (contestant, subscribers, { portion, cores }) {
  const count = Math.ceil(DELIVERIES * portion / subscribers)
  const { cpuMs } = await measure({
    contestantUrl: new URL(`../contestants/${contestant}.js`, import.meta.url).href,
    workload: 'fan-out',
    subscribers,
    count,
    warmup: Math.ceil(count / 2),
    turnsAhead: Math.ceil(DELIVERIES_AHEAD / subscribers),
    cores
  })
  return cpuMs / (count * subscribers) * 1e3
}

import { measure } from '../cluster/measure.js'

export const unit = 'publish and delivery'

const EVENTS = 20_000

/** @param {number} size */
export async function measureUnit (size, { portion, cores }) {
  const events = Math.max(size, EVENTS * portion)
  const { all } = await measure({
    contestantUrl: new URL('../contestants/typed-sse-memory.js', import.meta.url).href,
    instances: 1,
    subscribers: size,
    audiences: size,
    by: 'topic',
    publishesItself: true,
    isPinned: true,
    phases: [
      { name: 'warmup', events: events / 2, pace: 'ahead' },
      { name: 'all', events, pace: 'ahead' }
    ],
    cores
  })
  return all.deliveryUs
}

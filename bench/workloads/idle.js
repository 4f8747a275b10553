/**
 * Many streams that are open and have nothing to say: what they hold in memory, and what their heartbeats take.
 *
 * @typedef {import('./fan-out.js').FanOutTask} IdleTask
 *
 * @typedef {object} IdleServer
 * @property {import('node:net').Server} server Does not listen yet. Whoever connects and asks for `/` gets the head of a stream, and maybe the first lines.
 * @property {(i: number) => unknown} [publish] Sends event `i` to all of them.
 * @property {() => void} [beat] Sends a comment to all of them, where there are no heartbeats by themselves.
 *
 * @typedef {(task: IdleTask) => Promise<IdleServer>} Idle
 */

/** The directory of the programs that measure it. */
export const kind = 'idle'

/** The function of a contestant that takes part. */
export const entry = 'idle'

export const defaultSubscribers = [10_000]
export const defaultRounds = 3

export const quick = { rounds: 1, subscribers: [2_000] }

/** Heartbeats of one stream are at most so much further apart than they should be: some come up to a fourth later. */
const LATE = 4 / 3

/**
 * @param {number[]} sizes
 * @param {boolean} isQuick
 * @param {{ heartbeatMs?: number | undefined }} [wanted]
 */
export function cases (sizes, isQuick, { heartbeatMs = isQuick ? 500 : 2_000 } = {}) {
  // To warm up, to count CPU time, and then to watch turns: each as long as one heartbeat of every stream takes, at least.
  const [warmupMs, measuredMs, turnsMs] = (isQuick ? [1_000, 1_500, 750] : [4_000, 8_000, 4_000])
    .map(ms => Math.max(ms, Math.ceil(heartbeatMs * LATE)))
  return sizes.map(subscribers => ({
    caption: `${subscribers.toLocaleString('en')} idle streams; heartbeats every ${heartbeatMs / 1e3} s, counted for ${measuredMs / 1e3} s`,
    subscribers,
    heartbeatMs,
    warmupMs,
    measuredMs,
    turnsMs
  }))
}

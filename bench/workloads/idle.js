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

/**
 * @param {number[]} sizes
 * @param {boolean} isQuick
 */
export function cases (sizes, isQuick) {
  // CPU time is counted for some heartbeats, and then turns are watched for half as long.
  const [heartbeatMs, measuredMs] = isQuick ? [500, 1_500] : [2_000, 8_000]
  return sizes.map(subscribers => ({
    caption: `${subscribers.toLocaleString('en')} idle streams; heartbeats every ${heartbeatMs / 1e3} s, counted for ${measuredMs / 1e3} s`,
    subscribers,
    heartbeatMs,
    measuredMs
  }))
}

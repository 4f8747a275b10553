import { Peer } from '../processes.js'

/**
 * Measures the steps with one kind of payload once, in a fresh process.
 *
 * @param {object} run
 * @param {string} run.contestantUrl Module of the payload.
 * @param {number} run.count Small payloads for each step, or as many bytes of larger ones.
 * @param {import('../processes.js').Cores | undefined} run.cores
 */
export async function measure ({ contestantUrl, count, cores }) {
  const process = new Peer('./micro/steps.js', [contestantUrl], { core: cores?.server })
  try {
    await process.ask()
    return await process.ask({ count })
  } finally {
    await process.stop()
  }
}

/** @typedef {import('./contestants.js').Contestant & { rounds: object[], error: string | undefined }} Result */

/**
 * Measures all contestants in turns. One that has failed is not tried again, and one that is absent never.
 *
 * @param {object} run
 * @param {import('./contestants.js').Contestant[]} run.contestants
 * @param {number} run.rounds
 * @param {(url: string) => Promise<object>} run.measureOne
 * @param {(measured: object) => string} run.describe
 * @param {(text: string) => void} run.note
 * @returns {Promise<Result[]>}
 */
export async function runRounds ({ contestants, rounds, measureOne, describe, note }) {
  /** @type {Result[]} */
  const results = contestants.map(contestant => ({ ...contestant, rounds: [], error: undefined }))
  for (let round = 0; round < rounds; round++) {
    // Another one begins every time, so that nobody always comes after the same neighbour.
    for (let i = 0; i < results.length; i++) await runOne(results[(i + round) % results.length])
    note(`round ${round + 1} of ${rounds} done`)
  }
  return results

  async function runOne (result) {
    if (result.error !== undefined || result.absence !== undefined) return
    try {
      const measured = await measureOne(result.url)
      result.rounds.push(measured)
      note(`${result.name}: ${describe(measured)}`)
    } catch (error) {
      result.error = error.message.slice(0, 200) // an event may be long
      note(`${result.name}: failed: ${result.error}`)
    }
  }
}

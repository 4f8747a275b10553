/**
 * Measures one row once.
 *
 * @param {object} run
 * @param {string} run.contestantUrl A file of this directory, with the size.
 * @param {number} run.portion Of the work that is usual.
 * @param {import('../processes.js').Cores | undefined} run.cores
 * @returns {Promise<{ dimension: string, size: number, unit: string, unitUs: number }>}
 */
export async function measure ({ contestantUrl, portion, cores }) {
  const { pathname, searchParams } = new URL(contestantUrl)
  const size = Number(searchParams.get('size'))
  const { unit, measureUnit } = await import(contestantUrl)
  return {
    dimension: pathname.slice(pathname.lastIndexOf('/') + 1, -'.js'.length),
    size,
    unit,
    unitUs: await measureUnit(size, { url: contestantUrl, portion, cores })
  }
}

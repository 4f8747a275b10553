/** @param {number[]} values At least one. */
export function median (values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Half the distance between the quartiles, as a part of the median: how far a usual round is from it.
 *
 * @param {number[]} values At least one.
 */
export function spread (values) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = part => {
    const index = part * (sorted.length - 1)
    const below = sorted[Math.floor(index)]
    return below + (sorted[Math.ceil(index)] - below) * (index % 1)
  }
  return (at(0.75) - at(0.25)) / 2 / median(values)
}

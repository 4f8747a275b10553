/** @param {number[]} values At least one. */
export function summary (values) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = part => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  return { median: at(0.5), p99: at(0.99), most: sorted.at(-1) }
}

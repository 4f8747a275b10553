/** One value, when it was measured, and with how many streams open. */
export interface Point { readonly minutes: number, readonly streams: number, readonly value: number }

/** How a value grows with time, with streams left out of account. */
export interface Trend {
  /** The mean of the values. */
  readonly level: number
  readonly perMinute: number
  /** The standard error of that, were the measurements independent of each other. */
  readonly error: number
}

/**
 * Fits value = a + b · minutes + c · streams by least squares: clients move from one instance to another, and what their
 * streams take is no growth. Where the number of streams does not change, it is a line.
 *
 * @param points Four at least.
 */
export function fitTrend (points: readonly Point[]): Trend {
  const count = points.length
  if (count < 4) throw new Error(`a trend takes four points, instead got ${count}`)
  const mean = (of: (point: Point) => number): number => points.reduce((sum, point) => sum + of(point), 0) / count
  const [meanMinutes, meanStreams, level] = [mean(({ minutes }) => minutes), mean(({ streams }) => streams), mean(({ value }) => value)]
  const centred = points.map(({ minutes, streams, value }) => [minutes - meanMinutes, streams - meanStreams, value - level] as const)
  const product = (i: 0 | 1 | 2, j: 0 | 1 | 2): number => centred.reduce((sum, point) => sum + point[i] * point[j], 0)
  const [tt, ts, ss, tv, sv] = [product(0, 0), product(0, 1), product(1, 1), product(0, 2), product(1, 2)]
  const determinant = tt * ss - ts * ts
  // Where streams do not change, or only ever grow with time, nothing tells the two apart.
  const isLine = determinant < 1e-9 * tt * ss || ss === 0
  const perMinute = isLine ? tv / tt : (tv * ss - sv * ts) / determinant
  const perStream = isLine ? 0 : (sv * tt - tv * ts) / determinant
  const squares = centred.reduce((sum, [t, s, v]) => sum + (v - perMinute * t - perStream * s) ** 2, 0)
  const variance = squares / (count - (isLine ? 2 : 3)) * (isLine ? 1 / tt : ss / determinant)
  return { level, perMinute, error: Math.sqrt(variance) }
}

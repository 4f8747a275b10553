/** A value at a time, in milliseconds. */
export interface Point {
  readonly at: number
  readonly value: number
}

/** Where a plot is drawn, in pixels. */
export interface Area {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** What is plotted. */
export interface Scale {
  readonly from: number
  readonly to: number
  /** At the upper edge. */
  readonly max: number
}

/** Points that are farther apart were not seen by the same look: there is no line between them. */
const GAP_MS = 3_000

const STEPS = [1, 2, 2.5, 5, 10]

/** What a step may be that is counted in units of 1024. */
const BINARY_STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]

/**
 * The least round number that nothing is above, and whose half is round as well.
 *
 * @param isBinary Of bytes, round numbers are others.
 */
export function niceMax (value: number, isBinary = false): number {
  if (!(value > 0)) return isBinary ? 1024 : 2
  const base = isBinary ? 1024 : 10
  const power = base ** Math.floor(Math.log(value) / Math.log(base) + 1e-9)
  const step = (isBinary ? BINARY_STEPS : STEPS).find(step => step * power >= value) as number
  return Math.max(step * power, 2)
}

/** The lines between the points, as the `d` of an SVG path. What stands alone is a dot. */
export function linePath (points: readonly Point[], area: Area, scale: Scale): string {
  return runs(points).map(run => {
    const [first, ...others] = run.map(point => position(point, area, scale))
    return others.length === 0 ? `M${first}h0` : `M${first}L${others.join(' ')}`
  }).join('')
}

/** What is below the lines, as the `d` of an SVG path. */
export function areaPath (points: readonly Point[], area: Area, scale: Scale): string {
  const bottom = area.top + area.height
  return runs(points).filter(run => run.length > 1).map(run => {
    const [first, last] = [run[0], run.at(-1)].map(point => x((point as Point).at, area, scale))
    return `M${first},${bottom}L${run.map(point => position(point, area, scale)).join(' ')} ${last},${bottom}Z`
  }).join('')
}

/** The points without those that are out of sight. */
export function visible (points: readonly Point[], { from, to }: Pick<Scale, 'from' | 'to'>): Point[] {
  return points.filter(({ at }) => at >= from && at <= to)
}

function runs (points: readonly Point[]): Point[][] {
  const runs: Point[][] = []
  let last = -Infinity
  for (const point of points) {
    const run = runs.at(-1)
    if (run === undefined || point.at - last > GAP_MS) runs.push([point])
    else run.push(point)
    last = point.at
  }
  return runs
}

function position (point: Point, area: Area, scale: Scale): string {
  return `${x(point.at, area, scale)},${round(area.top + area.height * (1 - Math.min(1, point.value / scale.max)))}`
}

function x (at: number, { left, width }: Area, { from, to }: Scale): number {
  return round(left + width * (at - from) / (to - from))
}

function round (value: number): number {
  return Math.round(value * 10) / 10
}

import UPlot from '/modules/uplot/uPlot.esm.js'

const WINDOW_S = 60
const HEIGHT = 168
/** Between values that are farther apart than this something is missing, and no line is drawn. */
const HOLE_S = 3

/**
 * @typedef {object} Series
 * @property {string} [label] without one it is not in the legend
 * @property {string} color name of a custom property in style.css
 * @property {boolean} [filled] whether the area below the line is tinted
 * @property {boolean} [stems] whether each value stands alone, on a stem, instead of being joined to the next
 */

/** A chart of the last minute. Its legend tells the newest values, or those under the pointer. */
export class LiveChart {
  #plot
  #data
  #nowS = Date.now() / 1000
  #legend
  #format

  /**
   * @param {HTMLElement} element
   * @param {{ series: Series[], format: (value: number) => string, atLeast: number, steps?: number[] }} options
   *   atLeast: what the scale always shows; steps: how far its marks may be from each other
   */
  constructor (element, { series, format, atLeast, steps }) {
    this.#format = format
    this.#data = [[], ...series.map(() => [])]
    this.#legend = fillLegend(element.nextElementSibling, series)
    this.#plot = new UPlot({
      width: element.clientWidth,
      height: HEIGHT,
      padding: [10, 4, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: () => [this.#nowS - WINDOW_S, this.#nowS] },
        y: { range: (_plot, _min, max) => [0, Math.max(atLeast, max * 1.1)] }
      },
      axes: [
        { ...axis(), size: 28, gap: 8, space: 70, values: (plot, splits) => splits.map(time => fits(plot, time) ? clock(time) : null), grid: { show: false } },
        { ...axis(), size: 64, space: 36, values: (_plot, splits) => splits.map(format), ...(steps && { incrs: steps }) }
      ],
      series: [{}, ...series.map(line)],
      hooks: { setCursor: [() => { this.#showValues() }] }
    }, this.#data, element)

    new ResizeObserver(() => { this.#plot.setSize({ width: element.clientWidth, height: HEIGHT }) }).observe(element)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { this.#plot.redraw() })
  }

  /**
   * Adds the values of a time, one per series. null makes a gap.
   *
   * @param {number} at milliseconds since 1970
   * @param {Array<number | null>} values
   */
  push (at, values) {
    const [times] = this.#data
    const lastS = times.at(-1)
    const isHole = lastS !== undefined && at / 1000 - lastS > HOLE_S
    if (isHole) this.#append(lastS + 0.001, values.map(() => null))
    this.#append(at / 1000, values)
    // One value before the window is kept, so that lines begin at its edge.
    while (times[1] < at / 1000 - WINDOW_S) for (const column of this.#data) column.shift()
  }

  /** Moves the window up to this time, in milliseconds since 1970. */
  draw (at) {
    this.#nowS = at / 1000
    this.#plot.setData(this.#data)
    this.#showValues()
  }

  #append (timeS, values) {
    this.#data[0].push(timeS)
    values.forEach((value, series) => { this.#data[series + 1].push(value) })
  }

  #showValues () {
    const index = this.#plot?.cursor.idx
    this.#legend.forEach((output, series) => {
      const values = this.#data[series + 1]
      const value = index == null ? values.findLast(known => known !== null) : values[index]
      if (output !== undefined) output.textContent = value == null ? '–' : this.#format(value)
    })
  }
}

function fillLegend (legend, series) {
  return series.map(({ label, color }) => {
    if (label === undefined) return undefined
    const item = document.createElement('li')
    const value = document.createElement('b')
    item.style.setProperty('--color', `var(${color})`)
    item.append(`${label} `, value)
    legend.append(item)
    return value
  })
}

function axis () {
  return {
    stroke: () => css('--muted'),
    font: '11px system-ui, sans-serif',
    ticks: { show: false },
    grid: { stroke: () => css('--grid'), width: 1 }
  }
}

function line ({ color, filled = false, stems = false }) {
  return {
    stroke: () => css(color),
    width: stems ? 2 : 1.75,
    ...(filled && { fill: () => `color-mix(in srgb, ${css(color)} 14%, transparent)` }),
    ...(stems ? { paths: drawStems, points: { show: true, size: 7, fill: () => css(color) } } : { points: { show: false } })
  }
}

function drawStems (plot, series, first, last) {
  const stroke = new Path2D()
  const bottom = plot.valToPos(0, 'y', true)
  for (let index = first; index <= last; index++) {
    const value = plot.data[series][index]
    if (value === null) continue
    const x = plot.valToPos(plot.data[0][index], 'x', true)
    stroke.moveTo(x, bottom)
    stroke.lineTo(x, plot.valToPos(value, 'y', true))
  }
  return { stroke, fill: null }
}

/** Whether there is room for a label at this time: at the right edge it would be cut. */
function fits (plot, timeS) {
  return plot.valToPos(timeS, 'x') < plot.over.clientWidth - 26
}

function clock (timeS) {
  return new Date(timeS * 1000).toLocaleTimeString('en-GB')
}

function css (property) {
  return getComputedStyle(document.documentElement).getPropertyValue(property).trim()
}

import { byId, element, setText, svg } from './dom.js'
import { type Area, areaPath, linePath, niceMax, type Point, visible } from './plot.js'

const WINDOW_MS = 5 * 60_000
const HEIGHT = 132
const MARGIN = { left: 58, right: 10, top: 8, bottom: 20 }
const TICKS = ['5 min', '4', '3', '2', '1', 'now']

export interface ChartOptions {
  readonly title: string
  /** Of the colours of the page. */
  readonly series: number
  readonly isBinary?: boolean
  readonly format: (value: number) => string
}

/** A line of the last five minutes, with its newest value. */
export class Chart {
  readonly #options: ChartOptions
  readonly #figure = element('span', 'figure', '–')
  readonly #svg = svg('svg', { height: HEIGHT, role: 'img' })
  readonly #line = svg('path', { class: 'line' })
  readonly #area = svg('path', { class: 'area' })
  readonly #frame = svg('g')
  #points: readonly Point[] = []
  #width = 0
  #drawn = ''

  constructor (options: ChartOptions) {
    this.#options = options
    this.#svg.append(this.#frame, this.#area, this.#line)
    const card = element('article', `card plot series-${options.series}`, element('h2', '', options.title, ' ', this.#figure), this.#svg)
    byId('plots').append(card)
    new ResizeObserver(([entry]) => {
      this.#width = Math.floor(entry?.contentRect.width ?? 0)
      this.#draw()
    }).observe(this.#svg)
  }

  show (points: readonly Point[]): void {
    this.#points = points
    const last = points.at(-1)
    const text = last === undefined ? '–' : this.#options.format(last.value)
    setText(this.#figure, text)
    this.#svg.setAttribute('aria-label', `${this.#options.title} in the last five minutes; now ${text}`)
    this.#draw()
  }

  #draw (): void {
    if (this.#width === 0) return
    const area: Area = {
      left: MARGIN.left,
      top: MARGIN.top,
      width: Math.max(1, this.#width - MARGIN.left - MARGIN.right),
      height: HEIGHT - MARGIN.top - MARGIN.bottom
    }
    const to = this.#points.at(-1)?.at ?? Date.now()
    const from = to - WINDOW_MS
    const points = visible(this.#points, { from, to })
    const max = niceMax(Math.max(0, ...points.map(({ value }) => value)), this.#options.isBinary)
    const scale = { from, to, max }
    this.#drawFrame(area, max)
    this.#line.setAttribute('d', linePath(points, area, scale))
    this.#area.setAttribute('d', areaPath(points, area, scale))
  }

  /** The axes, which seldom change. */
  #drawFrame (area: Area, max: number): void {
    const key = `${area.width} ${max}`
    if (this.#drawn === key) return
    this.#drawn = key
    const right = area.left + area.width
    const bottom = area.top + area.height
    const rows = [0, 0.5, 1].flatMap(part => {
      const y = bottom - area.height * part
      return [
        svg('line', { class: 'grid', x1: area.left, x2: right, y1: y, y2: y }),
        label(this.#options.format(max * part).replace(/\.0(?!\d)/, ''), { x: area.left - 8, y: y + 4, 'text-anchor': 'end' })
      ]
    })
    const columns = TICKS.map((text, n) => label(text, {
      x: area.left + area.width * n / (TICKS.length - 1), y: HEIGHT - 4, 'text-anchor': n === 0 ? 'start' : n === TICKS.length - 1 ? 'end' : 'middle'
    }))
    this.#frame.replaceChildren(...rows, ...columns)
  }
}

function label (text: string, attributes: Record<string, string | number>): SVGElement {
  const made = svg('text', { class: 'label', ...attributes })
  made.textContent = text
  return made
}

const COLUMNS = 25
const ROWS = 20
/** CSS pixels between two cells. */
const GAP = 2
const CELL_HEIGHT = 13
/** How long a change can be seen. */
const FLASH_MS = 300
/** One that comes sooner after another flashes less: where all is in motion, colors tell more. */
const QUIET_MS = 800

/** The price of which a cell has no color, and how far from it there is no stronger one. */
const MIDDLE = 100
const SPREAD = 5
/** Shades of each color, and steps of a flash: all that is drawn is one of these. */
const SHADES = 12
const STEPS = 10

/** A cell for each of 500 symbols, colored by its price, that flashes when it changes. */
export class HeatMap {
  #canvas
  #context
  #detail
  #quotes = new Array(COLUMNS * ROWS)
  /** When each has changed last, in the time of performance.now(). */
  #changedAt = new Float64Array(COLUMNS * ROWS).fill(-Infinity)
  /** How strong their flashes are. */
  #strength = new Float32Array(COLUMNS * ROWS)
  /** Cells that have changed, and those whose flash is not over. */
  #active = new Set()
  #colors
  #frame
  #pointed
  #flashMs = FLASH_MS

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} detail shows the price of the cell that is pointed at
   */
  constructor (canvas, detail) {
    this.#canvas = canvas
    this.#context = canvas.getContext('2d')
    this.#detail = detail
    canvas.onpointermove = canvas.onpointerdown = event => { this.#point(this.#cellAt(event)) }
    canvas.onpointerleave = () => { this.#point(undefined) }
    new ResizeObserver(() => { this.#resize() }).observe(canvas)

    const dark = matchMedia('(prefers-color-scheme: dark)')
    const still = matchMedia('(prefers-reduced-motion: reduce)')
    const adapt = () => {
      this.#colors = colors()
      this.#flashMs = still.matches ? 0 : FLASH_MS
      this.#drawAll()
    }
    for (const query of [dark, still]) query.addEventListener('change', adapt)
    adapt()
  }

  /** @param {{ symbol: string, price: number, update: number }} quote */
  set (quote) {
    const cell = (quote.symbol.charCodeAt(0) - 65) * COLUMNS + quote.symbol.charCodeAt(1) - 65
    this.#quotes[cell] = quote
    const now = performance.now()
    this.#strength[cell] = Math.min(1, (now - this.#changedAt[cell]) / QUIET_MS)
    this.#changedAt[cell] = now
    this.#active.add(cell)
    if (cell === this.#pointed) this.#point(cell)
    this.#frame ??= requestAnimationFrame(() => { this.#draw() })
  }

  /** Draws what has changed or flashes, and nothing when nothing does. */
  #draw () {
    const now = performance.now()
    for (const cell of this.#active) {
      const isOver = this.#drawCell(cell, now)
      if (isOver) this.#active.delete(cell)
    }
    this.#frame = this.#active.size === 0 ? undefined : requestAnimationFrame(() => { this.#draw() })
  }

  #drawAll () {
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height)
    const now = performance.now()
    for (let cell = 0; cell < this.#quotes.length; cell++) this.#drawCell(cell, now)
  }

  /** @returns Whether its flash is over. */
  #drawCell (cell, now) {
    const quote = this.#quotes[cell]
    const rest = Math.max(0, 1 - (now - this.#changedAt[cell]) / this.#flashMs) || 0
    const shade = quote === undefined ? 0 : Math.max(-1, Math.min(1, (quote.price - MIDDLE) / SPREAD)) * SHADES
    this.#context.fillStyle = this.#colors[Math.round(shade) + SHADES][Math.ceil(rest * this.#strength[cell] * STEPS)]
    const [left, right] = this.#span(cell % COLUMNS, COLUMNS, this.#canvas.width)
    const [top, bottom] = this.#span(Math.floor(cell / COLUMNS), ROWS, this.#canvas.height)
    this.#context.fillRect(left, top, right - left, bottom - top)
    return rest === 0
  }

  /** Whole pixels, so that cells don't blur. */
  #span (index, count, size) {
    const gap = Math.round(GAP * devicePixelRatio)
    return [Math.round(index * (size + gap) / count), Math.round((index + 1) * (size + gap) / count) - gap]
  }

  #resize () {
    this.#canvas.width = Math.round(this.#canvas.clientWidth * devicePixelRatio)
    this.#canvas.height = Math.round(ROWS * (CELL_HEIGHT + GAP) * devicePixelRatio)
    this.#drawAll()
  }

  #cellAt ({ offsetX, offsetY }) {
    const column = Math.floor(offsetX / this.#canvas.clientWidth * COLUMNS)
    const row = Math.floor(offsetY / this.#canvas.clientHeight * ROWS)
    return Math.min(ROWS - 1, Math.max(0, row)) * COLUMNS + Math.min(COLUMNS - 1, Math.max(0, column))
  }

  #point (cell) {
    this.#pointed = cell
    const quote = this.#quotes[cell]
    this.#detail.textContent = quote === undefined
      ? '\u00a0'
      : `${quote.symbol} ${quote.price.toFixed(2)} · changed ${quote.update} times`
  }
}

/** Colors by shade and by step of the flash. */
function colors () {
  const style = getComputedStyle(document.documentElement)
  const [none, low, high, flash] = ['--cell', '--low', '--high', '--flash'].map(name => parse(style.getPropertyValue(name)))
  return Array.from({ length: 2 * SHADES + 1 }, (_, index) => {
    const shade = mix(none, index < SHADES ? low : high, (Math.abs(index - SHADES) / SHADES) ** 0.7)
    return Array.from({ length: STEPS + 1 }, (_, step) => `rgb(${mix(shade, flash, 0.5 * step / STEPS)})`)
  })
}

/** @param {string} color such as #1b2130 */
function parse (color) {
  return color.match(/[0-9a-f]{2}/g).map(part => parseInt(part, 16))
}

function mix (from, to, share) {
  return from.map((part, index) => Math.round(part + (to[index] - part) * share))
}

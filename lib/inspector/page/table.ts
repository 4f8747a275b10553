import { element, setText } from './dom.js'

/** What a cell shows: a text, with another in small below it. */
interface Cell {
  readonly text: string
  readonly detail?: string
  readonly tone?: 'warn'
}

interface Column<Row> {
  readonly title: string
  /** What is below the title of others, and is its own. */
  readonly kind: 'name' | 'text' | 'number'
  readonly cell: (row: Row) => Cell | string
}

export interface TableOptions<Row> {
  readonly caption: string
  readonly empty: string
  readonly columns: ReadonlyArray<Column<Row>>
  /** Which row it is; undefined where rows can't be told apart. */
  readonly keyOf: (row: Row) => string | undefined
  /** What can be done with a row. */
  readonly action?: { readonly text: string, readonly label: (row: Row) => string, readonly run: (row: Row) => void } | undefined
}

const canHover = matchMedia('(hover: hover)')

interface Shown<Row> { row: Row, readonly line: HTMLTableRowElement, readonly cells: HTMLTableCellElement[], readonly button: HTMLButtonElement | undefined }

/**
 * Rows that change every second. While somebody points at them, or is among them with the keyboard, none moves, so that
 * nobody acts on another one than he means.
 */
export class Table<Row> {
  readonly #options: TableOptions<Row>
  readonly #body = element('tbody')
  readonly #empty: HTMLElement
  readonly #table: HTMLTableElement
  readonly #place: HTMLElement
  #shown = new Map<string, Shown<Row>>()

  constructor (place: HTMLElement, options: TableOptions<Row>) {
    this.#options = options
    this.#place = place
    const { columns, action, caption, empty } = options
    const titles = columns.map(({ title, kind }) => header(title, kind))
    if (action !== undefined) titles.push(header(action.text, 'action'))
    // Named, since tables that are laid out as something else, as on a phone, are no tables to some readers.
    this.#table = element('table', '', element('caption', 'hidden', caption), element('thead', '', element('tr', '', ...titles)), this.#body)
    this.#table.setAttribute('role', 'table')
    this.#body.setAttribute('role', 'rowgroup')
    this.#empty = element('p', 'muted empty', empty)
    place.replaceChildren(this.#table, this.#empty)
  }

  show (rows: readonly Row[]): void {
    // Where a finger taps, it leaves both of these behind.
    const isHeld = (canHover.matches && this.#body.matches(':hover')) || this.#body.querySelector(':focus-visible') !== null
    this.#place.classList.toggle('held', isHeld)
    const keyed = new Map(rows.map((row, n) => [this.#options.keyOf(row) ?? `at ${n}`, row]))
    if (isHeld) this.#hold(keyed)
    else this.#arrange(keyed)
    this.#empty.hidden = this.#shown.size > 0
    this.#table.hidden = this.#shown.size === 0
  }

  #hold (rows: ReadonlyMap<string, Row>): void {
    for (const [key, shown] of this.#shown) {
      const row = rows.get(key)
      shown.line.classList.toggle('gone', row === undefined)
      if (row !== undefined) this.#fill(shown, row)
    }
  }

  #arrange (rows: ReadonlyMap<string, Row>): void {
    const before = this.#shown
    this.#shown = new Map(Array.from(rows, ([key, row]) => [key, before.get(key) ?? this.#make(row)]))
    for (const [key, { line }] of before) if (!this.#shown.has(key)) line.remove()
    let n = 0
    for (const [key, shown] of this.#shown) {
      shown.line.classList.remove('gone')
      this.#fill(shown, rows.get(key) as Row)
      const place = this.#body.children[n++]
      if (place !== shown.line) this.#body.insertBefore(shown.line, place ?? null)
    }
  }

  #make (row: Row): Shown<Row> {
    const { columns, action } = this.#options
    const cells = columns.map(({ title, kind }) => {
      const cell = element('td', kind, element('span', 'text'), element('span', 'detail'))
      cell.setAttribute('role', 'cell')
      cell.dataset['label'] = title
      return cell
    })
    const line = element('tr', '', ...cells)
    line.setAttribute('role', 'row')
    const button = action && element('button', 'plain small', action.text)
    const shown: Shown<Row> = { row, line, cells, button }
    if (button !== undefined) {
      button.type = 'button'
      button.addEventListener('click', () => { action?.run(shown.row) })
      const cell = element('td', 'action', button)
      cell.setAttribute('role', 'cell')
      line.append(cell)
    }
    return shown
  }

  #fill (shown: Shown<Row>, row: Row): void {
    shown.row = row
    const { columns, action } = this.#options
    columns.forEach((column, n) => {
      const given = column.cell(row)
      const { text, detail = '', tone } = typeof given === 'string' ? { text: given } as Cell : given
      const cell = shown.cells[n] as HTMLTableCellElement
      setText(cell.children[0] as Element, text)
      setText(cell.children[1] as Element, detail)
      if (column.kind !== 'number' && cell.title !== detail) cell.title = detail
      cell.classList.toggle('warn', tone === 'warn')
    })
    if (action !== undefined && shown.button !== undefined) shown.button.setAttribute('aria-label', action.label(row))
  }
}

function header (title: string, kind: string): HTMLTableCellElement {
  const made = element('th', kind, kind === 'action' ? element('span', 'hidden', title) : title)
  made.scope = 'col'
  made.setAttribute('role', 'columnheader')
  return made
}

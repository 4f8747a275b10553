/** How a number looks that is not known yet. */
const UNKNOWN = '–'

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const tenths = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 })

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function count (value: number): string {
  return whole.format(value)
}

/** With a tenth, where that can be seen. */
export function rate (value: number | null): string {
  if (value === null) return UNKNOWN
  return value > 0 && value < 9.95 ? tenths.format(value) : whole.format(value)
}

export function bytes (value: number): string {
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), SIZES.length - 1)
  const scaled = value / 1024 ** power
  return `${power === 0 || scaled >= 99.95 ? whole.format(scaled) : tenths.format(scaled)}\u00a0${SIZES[power]}`
}

/** Such as `42 s`, `3:07`, `1:03:07` or `2 d 1 h`. */
export function age (valueMs: number): string {
  const seconds = Math.max(0, Math.floor(valueMs / 1_000))
  if (seconds < 60) return `${seconds}\u00a0s`
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const two = (number: number): string => String(number).padStart(2, '0')
  if (hours < 1) return `${minutes}:${two(seconds % 60)}`
  if (hours < 48) return `${hours}:${two(minutes % 60)}:${two(seconds % 60)}`
  return `${Math.floor(hours / 24)}\u00a0d ${hours % 24}\u00a0h`
}

/** Of a percentile that is known by its bucket. */
export function milliseconds (value: number | undefined): string {
  if (value === undefined) return UNKNOWN
  if (value < 0) return 'very long'
  return value < 1_000 ? `≤\u00a0${Number(value.toPrecision(3))}\u00a0ms` : `≤\u00a0${Number((value / 1_000).toPrecision(3))}\u00a0s`
}

/** The time of the day, to the millisecond. */
export function time (at: number): string {
  const date = new Date(at)
  const part = (number: number, length = 2): string => String(number).padStart(length, '0')
  return `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}.${part(date.getMilliseconds(), 3)}`
}

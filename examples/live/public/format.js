export const MIB = 2 ** 20
const GIB = 2 ** 30

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const tenth = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
/** One digit after the point, where it matters. */
const round = (value) => (value < 10 ? tenth : whole).format(value)

// The spaces (U+00A0) keep a number and its unit on one line.
export const count = (value) => whole.format(value)
export const percent = (value) => `${whole.format(value)}\u00a0%`
export const milliseconds = (value) => `${round(value)}\u00a0ms`
export const seconds = (ms) => `${(ms / 1000).toFixed(1)}\u00a0s`
export const mebibytes = (bytes) => `${round(bytes / MIB)}\u00a0MiB`
export const gibibytes = (bytes) => `${tenth.format(bytes / GIB)}\u00a0GiB`
export const time = (ms) => new Date(ms).toLocaleTimeString('en-GB')

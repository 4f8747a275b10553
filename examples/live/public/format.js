export const MIB = 2 ** 20
const GIB = 2 ** 30

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const tenth = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
/** One digit after the point, where it matters. */
const round = (value) => (value < 10 ? tenth : whole).format(value)

export const count = (value) => whole.format(value)
export const percent = (value) => `${whole.format(value)} %`
export const milliseconds = (value) => `${round(value)} ms`
export const seconds = (ms) => `${tenth.format(ms / 1000)} s`
export const mebibytes = (bytes) => `${round(bytes / MIB)} MiB`
export const gibibytes = (bytes) => `${tenth.format(bytes / GIB)} GiB`

/** Where this process's own clock begins, on the machine's monotonic one. */
const ORIGIN_US = Number(process.hrtime.bigint()) / 1e3 - performance.now() * 1e3

/** Microseconds of the machine's monotonic clock, which all processes share. Unlike a bigint it leaves no garbage. */
export function nowUs () {
  return ORIGIN_US + performance.now() * 1e3
}

/**
 * Microseconds of the machine's monotonic clock, which is the same in all of its processes. (performance.timeOrigin is
 * each process's own reading of another clock.)
 */
export function nowUs () {
  return Number(process.hrtime.bigint() / 1_000n)
}

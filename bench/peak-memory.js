import { readFileSync } from 'node:fs'

/**
 * The most memory (resident) that this process ever had. Where there is no /proc, getrusage() tells, which on Linux would count
 * what the process that started this one had as well.
 */
export function peakMiB () {
  try {
    const [, kilobytes] = readFileSync('/proc/self/status', 'utf8').match(/^VmHWM:\s*(\d+) kB$/m)
    return Number(kilobytes) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}

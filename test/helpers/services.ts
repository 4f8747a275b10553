import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Test } from 'tap'

// Debian keeps servers such as nginx here, which is not on the PATH of ordinary users.
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/usr/bin']

/**
 * The path of the first of these programs that is installed. When none is, the test is skipped by name, or fails where
 * `SSE_REQUIRE_SERVICES=1` says that everything should be there; the caller then returns.
 *
 * @example
 * const chromium = requireBinary(t, 'chromium', 'chromium-browser', 'google-chrome')
 * if (chromium === undefined) return
 */
export function requireBinary (t: Test, ...candidates: string[]): string | undefined {
  const path = findBinary(...candidates)
  if (path !== undefined) return path

  const missing = `NOT TESTED: ${t.fullname.replace(' > TAP', '')}: ${candidates.join(' or ')} is not installed`
  if (process.env.SSE_REQUIRE_SERVICES === '1') {
    t.fail(missing)
    return undefined
  }
  // Also past the reporter, which may sum skips up: nobody should take this run for a complete one.
  process.stderr.write(`${missing}\n`)
  t.pass(missing, { skip: true })
  return undefined
}

/** Like {@link requireBinary}, without a word where nothing is found. */
export function findBinary (...candidates: string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS].filter(folder => folder !== '')
  return candidates
    .flatMap(candidate => isAbsolute(candidate) ? [candidate] : folders.map(folder => join(folder, candidate)))
    .find(isExecutable)
}

function isExecutable (path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Missing, or not ours to run: the next candidate decides.
    return false
  }
}

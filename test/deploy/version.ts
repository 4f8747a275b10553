import { execFileSync } from 'node:child_process'
import { findBinary } from '../helpers/services.js'

/** What an installed program says of its version. Empty where it is not installed. */
export function versionOf (program: string, question: string): string {
  const path = findBinary(program)
  return path === undefined ? '' : execFileSync(path, [question], { encoding: 'utf8' })
}

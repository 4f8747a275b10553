import { parseArgs } from 'node:util'

export interface SoakOptions { readonly minutes: number, readonly clients: number, readonly rate: number, readonly seed: number }

const DEFAULTS = { minutes: 30, clients: 5_000, rate: 50 }

/** @throws Where they make no sense, also where this process may not have as many files open. */
export function soakOptions (args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string' }, clients: { type: 'string' }, rate: { type: 'string' }, seed: { type: 'string' } }
  })
  const options = {
    minutes: above('minutes', values.minutes, DEFAULTS.minutes),
    clients: above('clients', values.clients, DEFAULTS.clients),
    rate: above('rate', values.rate, DEFAULTS.rate),
    seed: above('seed', values.seed, 1 + Date.now() % 2 ** 31)
  }
  requireOpenFiles(options.clients)
  return options
}

function above (name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text)
  if (value > 0 && Number.isFinite(value) && (name === 'minutes' || Number.isInteger(value))) return value
  throw new Error(`--${name} should be a ${name === 'minutes' ? '' : 'whole '}number above 0, instead got '${text}'`)
}

/** Beside its sockets, a process of Node.js has some thirty files open. */
const OTHER_FILES = 100

/** A process that is started may have as many as its hard limit says: Node.js sees to that. */
function requireOpenFiles (sockets: number): void {
  const { userLimits } = process.report.getReport() as unknown as { userLimits?: { open_files: { hard: number | string } } }
  const limit = userLimits?.open_files.hard
  if (typeof limit === 'number' && limit < sockets + OTHER_FILES) {
    throw new Error(`${sockets} clients need ${sockets + OTHER_FILES} open files, and the limit is ${limit}: raise it (ulimit -Hn), or try fewer --clients`)
  }
}

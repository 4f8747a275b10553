// The floor below Node.js: a program in C that sends prebuilt bytes. Only what the kernel does is left.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const title = 'C, `send(prebuilt)`: the floor below Node.js'
export const packages = []
export const kinds = ['one-stream', 'fan-out']

/** Where events are always ready. As many as the bare `net` server has in one write. */
const EVENTS_PER_SEND = 1_000

/** @type {string | undefined} */
let compiled

/** @returns {string | undefined} Why it can't take part on this machine. */
export function absence () {
  if (process.platform !== 'linux') return 'it needs the epoll of Linux'
  if (spawnSync('cc', ['--version']).status !== 0) return 'there is no C compiler (`cc`)'
  return undefined
}

/**
 * The command line of a server.
 *
 * @param {object} workload
 * @param {number} [most] Events of one stream.
 */
export function program (workload, most = 0) {
  compiled ??= compile()
  const perSend = workload.eventsPerTurn ?? (workload.task.nextTurn === undefined ? EVENTS_PER_SEND : 1)
  return [compiled, String(most), String(perSend)]
}

/** Once, into a folder that goes with this process. */
function compile () {
  const directory = mkdtempSync(join(tmpdir(), 'bench-floor-'))
  process.on('exit', () => { rmSync(directory, { recursive: true, force: true }) })
  const path = join(directory, 'send')
  const source = fileURLToPath(new URL('../floor/send.c', import.meta.url))
  const { status, stderr } = spawnSync('cc', ['-O2', '-o', path, source], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`cc can't compile it: ${stderr.match(/error: .*/)?.[0] ?? stderr}`)
  return path
}

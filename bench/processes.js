import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Of util-linux: runs a command on the cores that are listed. */
const PIN = 'taskset'

/** @typedef {{ server: number, load: number }} Cores */

/**
 * Which core the servers get and which one the load. Undefined where processes can't be pinned or there is only one.
 *
 * @returns {Cores | undefined}
 */
export function pickCores () {
  if (spawnSync(PIN, ['--version']).status !== 0) return undefined
  const allowed = readFileSync('/proc/self/status', 'utf8').match(/^Cpus_allowed_list:\s*(\S+)$/m)?.[1] ?? ''
  const cores = allowed.split(',').flatMap(range => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
  // Neighbours may be two halves of one core.
  return cores.length < 2 ? undefined : { server: cores[0], load: cores[Math.floor(cores.length / 2)] }
}

/** Beside the sockets of subscribers, a process of Node.js has some thirty files open. */
const OTHER_FILES = 100

/**
 * Node.js raises the limit of the processes it starts as far as it may.
 *
 * @param {number} sockets How many a process will have open.
 * @throws {Error} When it may not have as many.
 */
export function requireOpenFiles (sockets) {
  const limit = process.report.getReport().userLimits?.open_files.hard // absent on Windows
  if (typeof limit === 'number' && limit < sockets + OTHER_FILES) {
    throw new Error(`${sockets} subscribers need ${sockets + OTHER_FILES} open files, and the limit is ${limit}: ` +
      'raise it (ulimit -Hn, /etc/security/limits.conf), or try fewer --subscribers')
  }
}

/**
 * A command line that runs on one core, where that is given.
 *
 * @param {string[]} command
 * @param {number | undefined} core
 */
export function pinned (command, core) {
  return core === undefined ? command : [PIN, '--cpu-list', String(core), ...command]
}

/**
 * The server of a contestant: a script of the workload's kind that loads it, or the program that it is.
 *
 * @param {string} script
 * @param {object} what
 * @param {string} what.contestantUrl
 * @param {string} what.workload
 * @param {number} [what.most] Events of the longest stream that will be asked for.
 * @param {object} how As for a {@link Peer}.
 */
export async function startServer (script, { contestantUrl, workload, most }, how) {
  const { program } = await import(contestantUrl)
  if (program === undefined) return new Peer(script, [contestantUrl, workload, String(most)], how)
  return new Peer(basename(contestantUrl), [], { ...how, command: program(await import(`./workloads/${workload}.js`), most) })
}

/** A script, or another program, in a process of its own that answers every message with one, in order. */
export class Peer {
  #child
  #name
  #stderr = ''

  /**
   * @param {string} script Name of a file beside this one.
   * @param {string[]} args
   * @param {object} how
   * @param {number | undefined} how.core
   * @param {string[]} [how.flags] Of Node.js itself.
   * @param {string[]} [how.command] What runs instead of Node.js with the script. It finds the socket for its messages, which
   *   are lines of JSON, as Node.js does: by the environment variable NODE_CHANNEL_FD.
   */
  constructor (script, args, { core, flags = [], command = [process.execPath, ...flags, fileURLToPath(new URL(script, import.meta.url))] }) {
    const [first, ...rest] = pinned([...command, ...args], core)
    this.#name = script
    this.#child = spawn(first, rest, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#child.stderr.setEncoding('utf8').on('data', text => { this.#stderr = (this.#stderr + text).slice(-10_000) })
    this.#child.on('error', () => {}) // ends with an exit, too
  }

  /**
   * @param {object} [message] Without one, waits for what the script says first.
   * @throws {Error} What the script answers with as its error, or that it has ended.
   */
  async ask (message) {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) throw this.#death()
    const answered = new AbortController()
    const { signal } = answered
    if (message !== undefined) child.send(message, () => {}) // a process that has just ended says so by its end
    try {
      const [answer] = await Promise.race([
        once(child, 'message', { signal }),
        once(child, 'close', { signal }).then(() => { throw this.#death() })
      ])
      if (answer.error !== undefined) throw new Error(answer.error)
      return answer
    } finally {
      answered.abort()
    }
  }

  /** Throws if the script ends within a second: then that is why something else went wrong. */
  async endsSoon () {
    const child = this.#child
    if (child.exitCode === null && child.signalCode === null) {
      await once(child, 'close', { signal: AbortSignal.timeout(1_000) }).catch(() => {})
    }
    if (child.exitCode !== null || child.signalCode !== null) throw this.#death()
  }

  async stop () {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  #death () {
    const { exitCode, signalCode } = this.#child
    const [reason = this.#stderr.trim()] = this.#stderr.match(/^(\w*Error\b|FATAL ERROR).*$/m) ?? []
    return new Error(`${this.#name} ended with ${signalCode ?? exitCode}: ${reason}`)
  }
}

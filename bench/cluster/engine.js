import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pinned } from '../processes.js'

const START_MS = 5_000

const redis = (port, folder) => ['redis-server', '--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '']

/** Their command lines, with a port and an empty folder. */
const COMMANDS = {
  redis: (...where) => [...redis(...where), '--appendonly', 'no'],
  'redis-appendonly': (...where) => [...redis(...where), '--appendonly', 'yes', '--appendfsync', 'everysec'],
  nats: (port, folder) => ['nats-server', '--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', folder]
}

/** Debian keeps servers here, which is not on the PATH of ordinary users. */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` }

/** A server that instances share: a process of its own, fresh and empty. */
export class Engine {
  #child
  #folder
  #kill = () => { this.#child.kill('SIGKILL') }

  constructor (child, folder, port) {
    this.#child = child
    this.#folder = folder
    this.port = port
    process.once('exit', this.#kill)
  }

  /**
   * @param {keyof typeof COMMANDS} name
   * @param {number | undefined} core
   * @throws {Error} When it is not installed, or does not answer.
   */
  static async start (name, core) {
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'sse-bench-'))
    const [command, ...rest] = pinned(COMMANDS[name](port, folder), core)
    const child = spawn(command, rest, { stdio: 'ignore', env })
    let failure
    child.once('error', error => { failure = error })
    child.once('exit', code => { failure ??= new Error(`${name} ended with ${code}`) })
    const engine = new Engine(child, folder, port)
    try {
      for (const end = Date.now() + START_MS; !await answers(port);) {
        if (failure !== undefined || Date.now() > end) throw failure ?? new Error(`${name} does not answer after ${START_MS} ms`)
        await setTimeout(20)
      }
    } catch (error) {
      await engine.stop()
      throw error
    }
    return engine
  }

  /** What all of its threads have had of the processor, to the nanosecond. */
  cpuMs () {
    const tasks = `/proc/${this.#child.pid}/task`
    const spent = readdirSync(tasks).map(task => Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]))
    return spent.reduce((sum, ns) => sum + ns, 0) / 1e6
  }

  async stop () {
    process.off('exit', this.#kill)
    const child = this.#child
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      this.#kill()
      await exited
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

// Ended by a signal, a process tells nobody.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { process.exit(1) })

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Redis answers what it is asked, NATS speaks first. */
async function answers (port) {
  const socket = connect(port, '127.0.0.1')
  try {
    socket.write('PING\r\n')
    await once(socket, 'data', { signal: AbortSignal.timeout(500) })
    return true
  } catch {
    return false // not yet
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** Where Debian keeps servers, which is not on the path of ordinary users. */
const SYSTEM_FOLDERS = '/usr/sbin:/usr/local/sbin'
/** Longer than an instance takes to end its streams. */
const PATIENCE_MS = 8_000
/** What is remembered of what a program says, to tell why it has ended. */
const MAX_CHARACTERS = 1_000

/** Something that runs until it is stopped. */
export interface Program {
  /** Resolves when it has ended, and is not to be started again, with a sentence that says why. */
  ended: Promise<string>
  /** Resolves when it is gone. Idempotent. */
  stop: () => Promise<void>
}

/**
 * Starts a program that is not Node.js.
 *
 * @param ready What it says when it is ready. Without one it is ready at once.
 */
export function startProgram (name: string, args: string[], ready?: string): Program & { ready: Promise<void> } {
  const child = spawn(name, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:${SYSTEM_FOLDERS}` }
  })
  console.log(`  ${name} is process ${child.pid ?? '(none)'}`)
  let said = ''
  const isReady = new Promise<void>(resolve => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-MAX_CHARACTERS)
        if (ready === undefined || said.includes(ready)) resolve()
      })
    }
    if (ready === undefined) resolve()
  })
  const ended = new Promise<string>(resolve => {
    child.on('error', error => {
      resolve((error as NodeJS.ErrnoException).code === 'ENOENT'
        ? `${name} is not installed. On Debian and Ubuntu:  apt install ${name}`
        : `${name} can't be started: ${error.message}`)
    })
    // Not 'exit', after which it may still be heard.
    child.on('close', () => { resolve(`${name} has ended. It said last:\n\n${said}`) })
  })
  return { ended, ready: isReady, stop: async () => { await stopChild(child) } }
}

/** Ends a process, by its id, and not at once where it takes its time. */
export async function stopChild (child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => { child.kill('SIGKILL') }, PATIENCE_MS)
  await exited
  clearTimeout(timer)
}

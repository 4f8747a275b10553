import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { root } from './live-server.js'

export interface ClusterCommand {
  url: string
  /** All that it has written. */
  output: () => string
  /** The process that was started last of what it calls so. */
  pid: (name: string) => number
  /** What it has started and is still there. */
  running: () => number[]
  /** Resolves with its exit code when nothing of it can write any more. */
  ended: Promise<number | null>
  /**
   * Ends it: by SIGINT as Ctrl-C in a terminal does, by SIGTERM as who has started npm and knows nothing else, by SIGKILL
   * as nobody should, without a word to what it has started. Resolves when it has ended.
   */
  stop: (signal?: 'SIGINT' | 'SIGTERM' | 'SIGKILL') => Promise<void>
}

/** Runs `npm run start:cluster`, or another script, until its page is there, or it has said something else, or until it has ended. */
export async function startCluster (
  t: Test, port: number, env: Record<string, string> = {}, ready = 'The cluster is at', script = 'start:cluster'
): Promise<ClusterCommand> {
  // A process group of its own, as in a terminal: npm, a shell and the command. Without tap's loaders.
  const child = spawn('npm', ['run', script], {
    cwd: root,
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '', REDIS_URL: '', PORT: String(port), RETRY_MS: '200', ...env }
  })
  let output = ''
  const ended = once(child, 'close').then(() => child.exitCode)
  const announced = new Promise<void>(resolve => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
        if (output.includes(ready)) resolve()
      })
    }
  })
  const processes = (): Array<{ name: string, pid: number }> => {
    return Array.from(output.matchAll(/^ {2}([\w-]+) is process (\d+)$/gm), ([, name = '', pid]) => ({ name, pid: Number(pid) }))
  }
  const running = (): number[] => processes().map(({ pid }) => pid).filter(isRunning)
  const stop: ClusterCommand['stop'] = async (signal = 'SIGINT') => {
    if (child.stdout.closed) return
    if (signal === 'SIGTERM') child.kill(signal)
    else killGroup(child, signal)
    await ended
  }
  t.teardown(async () => {
    await stop()
    // What is there against all expectations, by its id.
    for (const pid of running()) process.kill(pid, 'SIGKILL')
  })

  await Promise.race([announced, ended])
  return {
    url: `http://127.0.0.1:${port}/`,
    output: () => output,
    pid: name => processes().findLast(process => process.name === name)?.pid ?? NaN,
    running,
    ended,
    stop
  }
}

function isRunning (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

function killGroup ({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    // It has ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

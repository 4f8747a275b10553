import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export interface LiveServer {
  url: string
  /** All that it has written. */
  output: () => string
  /** Ends it as Ctrl-C in a terminal does, or as nobody should; resolves with its exit code when it has ended. */
  stop: (signal?: 'SIGINT' | 'SIGKILL') => Promise<number | null>
}

/** Runs `npm start`, or another script, until its page is there, or until it has ended. */
export async function startLive (t: Test, port: number, env: Record<string, string> = {}, script = 'start'): Promise<LiveServer> {
  // A process group of its own, as in a terminal: npm, a shell and the server. Without tap's loaders.
  const child = spawn('npm', ['run', script], {
    cwd: root,
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '', PORT: String(port), RETRY_MS: '100', ...env }
  })
  let output = ''
  // Not 'exit', which is npm's: the server is gone when nobody can write any more.
  const exited = once(child, 'close').then(() => child.exitCode)
  const announced = new Promise<void>(resolve => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
        if (/The (?:live page|poll) is at/.test(output)) resolve()
      })
    }
  })
  const stop: LiveServer['stop'] = async (signal = 'SIGINT') => {
    if (!child.stdout.closed) killGroup(child, signal)
    return await exited
  }
  t.teardown(async () => { await stop('SIGKILL') })

  await Promise.race([announced, exited])
  return { url: `http://127.0.0.1:${port}/`, output: () => output, stop }
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

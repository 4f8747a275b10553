import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Program, stopChild } from './program.js'

interface InstanceOptions {
  env: { NAME: string, PORT: string, REDIS_URL: string, RETRY_MS: string }
  /** How long after its end it is started again. */
  restartMs: number
  keep: (program: Program) => void
}

/** Runs an instance, and again whenever it has ended. Resolves when it listens for the first time. */
export async function startInstance ({ env, restartMs, keep }: InstanceOptions): Promise<void> {
  let child: ChildProcess
  let timer: NodeJS.Timeout | undefined
  let hasListened = false
  let isStopped = false

  const stop = async (): Promise<void> => {
    isStopped = true
    clearTimeout(timer)
    await stopChild(child)
  }
  const run = (onListening: () => void, onFailure: (reason: string) => void): void => {
    // Its one message tells that it listens. When the supervisor is gone, it learns of that the same way, and ends.
    child = fork(fileURLToPath(new URL('instance.ts', import.meta.url)), { env: { ...process.env, ...env } })
    console.log(`  ${env.NAME} is process ${child.pid ?? '(none)'}`)
    child.once('message', () => {
      hasListened = true
      onListening()
    })
    child.once('exit', (code, signal) => {
      if (isStopped) return
      const how = `${env.NAME} has ended by ${signal ?? `exit code ${code}`}`
      // Nobody would like to see that again and again.
      if (!hasListened) return onFailure(`${how} before it was ready`)
      console.log(`  ${how}, and is started again in ${restartMs / 1000} s`)
      timer = setTimeout(run, restartMs, onListening, onFailure)
    })
  }

  await new Promise<void>(resolve => {
    const listens = resolve
    keep({ ended: new Promise(resolve => { run(listens, resolve) }), stop })
  })
}

import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Program, stopChild } from '../cluster/program.js'

interface WorkersOptions {
  count: number
  env: { PORT: string, REDIS_URL: string, RETRY_MS: string, BEAT_MS: string }
  keep: (program: Program) => void
}

/**
 * Runs as many workers on one port, and another one for each that ends. Resolves when all listen for the first time.
 *
 * Connections come to this process, which hands them to the workers in turns: node:cluster's default, and what spreads streams
 * most evenly (docs/scaling.md says when to choose otherwise).
 */
export async function startWorkers ({ count, env, keep }: WorkersOptions): Promise<void> {
  cluster.setupPrimary({ exec: fileURLToPath(new URL('worker.ts', import.meta.url)) })
  const haveListened = new WeakSet<Worker>()
  let isStopped = false

  const run = (): Worker => {
    const worker = cluster.fork(env)
    console.log(`  worker-${worker.id} is process ${worker.process.pid ?? '(none)'}`)
    return worker.once('listening', () => { haveListened.add(worker) })
  }
  const ended = new Promise<string>(resolve => {
    cluster.on('exit', (worker, code: number, signal: string | null) => {
      if (isStopped) return
      const how = `worker-${worker.id} has ended by ${signal ?? `exit code ${code}`}`
      // Nobody would like to see that again and again.
      if (!haveListened.has(worker)) return resolve(`${how} before it was ready`)
      console.log(`  ${how}, and another one takes its place`)
      run()
    })
  })
  const stop = async (): Promise<void> => {
    isStopped = true
    await Promise.all(Object.values(cluster.workers ?? {}).map(async worker => { if (worker !== undefined) await stopChild(worker.process) }))
  }

  keep({ ended, stop })
  await Promise.all(Array.from({ length: count }, async () => await once(run(), 'listening')))
}

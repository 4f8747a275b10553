import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts, isFree } from '../cluster/ports.js'
import type { Program } from '../cluster/program.js'
import { startRedis } from '../cluster/redis-server.js'
import { startWorkers } from './workers.js'

// RETRY_MS is what browsers wait before they come back; BEAT_MS how often each process publishes.
const { PORT = '3000', REDIS_URL = '', PROCESSES = String(availableParallelism()), RETRY_MS = '500', BEAT_MS = '500' } = process.env

const folder = await mkdtemp(join(tmpdir(), 'fastify-typed-sse-many-'))
const programs: Program[] = []
let isStopping = false

// The first is the end of start.ts, however it came.
process.on('disconnect', () => { void stop() })
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => { void stop() })
// The terminal may be gone with it: there is still something to stop then.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

// It may have ended before anybody could be told.
if (process.connected) start(Number(PORT)).catch(async (error: unknown) => { await stop((error as Error).message) })
else await stop()

async function start (port: number): Promise<void> {
  if (!await isFree(port)) throw new Error(`Port ${port} is taken. Choose another one:  PORT=${port + 1} npm run start:many`)
  const [redisPort] = await freePorts(1) as [number]
  const redisUrl = REDIS_URL === '' ? await startRedis({ port: redisPort, folder, keep }) : REDIS_URL
  await startWorkers({ count: Number(PROCESSES), env: { PORT: String(port), REDIS_URL: redisUrl, RETRY_MS, BEAT_MS }, keep })

  const url = `http://127.0.0.1:${port}/`
  console.log(`\n  ${PROCESSES} processes serve ${url}  Without a browser:  curl -N ${url}live\n`)
}

/** Sees to it that a program is stopped with the others, and the others with it. */
function keep (program: Program): void {
  programs.push(program)
  void program.ended.then(reason => { void stop(reason) })
  // It was just about to be started.
  if (isStopping) void program.stop()
}

/** Stops what was started, the last first: the workers tell their clients to come back while Redis is still there. */
async function stop (reason?: string): Promise<void> {
  if (isStopping) return
  isStopping = true
  if (reason !== undefined) {
    console.error(`\n  ${reason}\n`)
    process.exitCode = 1
  }
  for (const program of programs.toReversed()) await program.stop()
  await rm(folder, { recursive: true, force: true })
  if (process.connected) process.disconnect()
}

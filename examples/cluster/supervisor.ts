import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { startInstance } from './instances.js'
import { startNginx } from './nginx.js'
import { freePorts, isFree } from './ports.js'
import type { Program } from './program.js'
import { startRedis } from './redis-server.js'
import { NAMES } from './streams.js'

// RETRY_MS is what browsers wait before they come back; RESTART_MS what an instance is away, long enough to be seen.
const { PORT = '3000', REDIS_URL = '', RETRY_MS = '500', RESTART_MS = '4000' } = process.env

/** How often it is looked whether the page is there. */
const LOOK_MS = 50

const folder = await mkdtemp(join(tmpdir(), 'fastify-typed-sse-cluster-'))
const programs: Program[] = []
const stopping = new AbortController()

// The first is the end of start.ts, however it came.
process.on('disconnect', () => { void stop() })
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => { void stop() })
// The terminal may be gone with it: there is still something to stop then.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

// It may have ended before anybody could be told.
if (process.connected) start(Number(PORT)).catch(async (error: unknown) => { await stop((error as Error).message) })
else await stop()

async function start (port: number): Promise<void> {
  if (!await isFree(port)) throw new Error(`Port ${port} is taken. Choose another one:  PORT=${port + 1} npm run start:cluster`)
  const [redisPort, ...ports] = await freePorts(1 + NAMES.length) as [number, ...number[]]
  const redisUrl = REDIS_URL === '' ? await startRedis({ port: redisPort, folder, keep }) : REDIS_URL
  await Promise.all(NAMES.map(async (name, at) => {
    await startInstance({ env: { NAME: name, PORT: String(ports[at]), REDIS_URL: redisUrl, RETRY_MS }, restartMs: Number(RESTART_MS), keep })
  }))
  startNginx({ port, ports, folder, keep })

  const url = `http://127.0.0.1:${port}/`
  while (!await answers(url)) await setTimeout(LOOK_MS, undefined, { signal: stopping.signal })
  console.log(`\n  The cluster is at ${url}\n`)
}

/** Sees to it that a program is stopped with the others, and the others with it. */
function keep (program: Program): void {
  programs.push(program)
  void program.ended.then(reason => { void stop(reason) })
  // It was just about to be started.
  if (stopping.signal.aborted) void program.stop()
}

/** Stops what was started, the last first, so that nobody is left without what it needs. */
async function stop (reason?: string): Promise<void> {
  if (stopping.signal.aborted) return
  stopping.abort()
  if (reason !== undefined) {
    console.error(`\n  ${reason}\n`)
    process.exitCode = 1
  }
  for (const program of programs.toReversed()) await program.stop()
  await rm(folder, { recursive: true, force: true })
  if (process.connected) process.disconnect()
}

async function answers (url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: stopping.signal })).ok
  } catch {
    // nginx does not listen yet.
    return false
  }
}

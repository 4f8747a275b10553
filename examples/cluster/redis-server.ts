import { type Program, startProgram } from './program.js'

/** A Redis of its own, which keeps nothing on the disk. Resolves with its URL when it is there. */
export async function startRedis (
  { port, folder, keep }: { port: number, folder: string, keep: (program: Program) => void }
): Promise<string> {
  const redis = startProgram('redis-server', [
    '--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'
  ], 'Ready to accept connections')
  keep(redis)
  await redis.ready
  return `redis://127.0.0.1:${port}`
}

import type { Test } from 'tap'
import { ServerProcess } from './server-process.js'

/**
 * Starts NATS with JetStream on a free port of this machine alone, with an empty disk, and ends it when the test ends.
 *
 * @param binary what `requireBinary(t, 'nats-server')` has found
 * @example
 * const nats = await startNats(t, binary)
 * await nats.kill()
 * await nats.restart() // the same port and disk
 */
export async function startNats (t: Test, binary: string, args: readonly string[] = []): Promise<ServerProcess> {
  return await ServerProcess.start(t, binary, {
    name: 'nats',
    arguments: (port, folder) => ['--jetstream', '--addr', '127.0.0.1', '--port', String(port), '--store_dir', folder, ...args],
    greeting: '',
    answer: /^INFO .*"jetstream":true/
  })
}

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// The primary and all that it starts have a session of their own: Ctrl-C reaches this process alone, and the rest is stopped in
// order. However this process ends, also by kill -9, the primary is told, and stops everything.
const primary = fork(fileURLToPath(new URL('primary.ts', import.meta.url)), { detached: true })

// on(), not once(): a signal may come twice, from the terminal and from the program that has started this one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => { if (primary.connected) primary.disconnect() })
}
primary.on('exit', code => { process.exitCode = code ?? 1 })

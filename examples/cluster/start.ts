import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// All that runs is started by the supervisor, in a session of its own: Ctrl-C reaches this process alone, and the rest is
// stopped in order. However this process ends, also by kill -9, the supervisor is told, and stops everything.
const supervisor = fork(fileURLToPath(new URL('supervisor.ts', import.meta.url)), { detached: true })

// on(), not once(): a signal may come twice, from the terminal and from the program that has started this one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => { if (supervisor.connected) supervisor.disconnect() })
}
supervisor.on('exit', code => { process.exitCode = code ?? 1 })

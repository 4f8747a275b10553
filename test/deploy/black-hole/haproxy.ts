import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findBinary } from '../../helpers/services.js'

/** HAProxy on this port before the app, which gives each connection of a client a TCP_USER_TIMEOUT. Undefined where it is not installed. */
export async function startHaproxy (port: number, appPort: number, userTimeoutMs: number): Promise<ChildProcess | undefined> {
  const haproxy = findBinary('haproxy')
  if (haproxy === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'fastify-typed-sse-haproxy-'))
  const path = join(folder, 'haproxy.cfg')
  writeFileSync(path, `
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  option abortonclose
listen app
  bind 127.0.0.1:${port} tcp-ut ${userTimeoutMs}ms
  server app 127.0.0.1:${appPort}
`)
  const child = spawn(haproxy, ['-db', '-f', path], { stdio: 'inherit' })
  // However this program ends.
  process.once('exit', () => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  while (!await accepts(port)) {
    if (child.exitCode !== null) throw new Error(`HAProxy does not start: it has ended by ${child.exitCode}`)
    await delay(20)
  }
  return child
}

async function accepts (port: number): Promise<boolean> {
  return await new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => { resolve(true) }).on('error', () => { resolve(false) })
    socket.on('connect', () => { socket.destroy() })
  })
}

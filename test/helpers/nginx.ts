import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from './server-process.js'
import { requireBinary } from './services.js'

const ATTEMPTS = 5

/**
 * Starts nginx on a free port, with what these locations say and its defaults for everything else, and stops it when the
 * test ends.
 *
 * @returns Its origin, or undefined where nginx is not installed: the test is then skipped by name.
 */
export async function startNginx (t: Test, locations: string): Promise<string | undefined> {
  const nginx = requireBinary(t, 'nginx', '/usr/sbin/nginx')
  if (nginx === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'fastify-typed-sse-nginx-'))
  const children: ChildProcess[] = []
  t.teardown(async () => {
    for (const child of children) await stop(child)
    rmSync(folder, { recursive: true, force: true })
  })

  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const path = join(folder, 'nginx.conf')
    writeFileSync(path, config(folder, port, locations))
    const child = spawn(nginx, ['-p', folder, '-c', path, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] })
    children.push(child)
    const problem = await ready(child)
    if (problem === undefined) return `http://127.0.0.1:${port}`
    // Somebody else may have been faster to take the port.
    if (attempt === ATTEMPTS || !problem.includes('Address already in use')) throw new Error(`nginx does not start: ${problem}`)
  }
}

/** One process in the foreground, which keeps all of its files in the folder. */
function config (folder: string, port: number, locations: string): string {
  return `
    daemon off;
    master_process off;
    pid ${folder}/nginx.pid;
    error_log stderr notice;
    events {}
    http {
      access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`).join('\n')}
      server {
        listen 127.0.0.1:${port};
        ${locations}
      }
    }
  `
}

/** Resolves when nginx listens; with what it has said, where it ends instead. */
async function ready (child: ChildProcess): Promise<string | undefined> {
  const { stderr } = child
  if (stderr === null) return 'no stderr'
  let said = ''
  stderr.setEncoding('utf8')
  return await new Promise(resolve => {
    stderr.on('data', (text: string) => {
      said += text
      // Its first notices, its version and system, come when the port is bound.
      if (/ OS: /.test(said)) resolve(undefined)
    })
    child.on('error', error => { resolve(error.message) })
    child.on('close', () => { resolve(said) })
  })
}

async function stop (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

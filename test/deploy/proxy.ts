import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { certificate } from '../helpers/certificate.js'
import { codeBlocks } from '../helpers/markdown.js'
import { freePort } from '../helpers/server-process.js'
import { requireBinary } from '../helpers/services.js'

const PAGE = new URL('../../docs/deploy.md', import.meta.url)
const READY_WITHIN_MS = 20_000

/** What a proxy is told that is of the test and not of its page. */
interface Place {
  readonly port: number
  /** For its files. */
  readonly folder: string
  /** Files with the certificate, its key, and both. */
  readonly cert: string
  readonly key: string
  readonly pem: string
}

/** A proxy that the page tells how to set up. */
export interface ProxyKind {
  readonly name: string
  readonly binaries: readonly string[]
  /** Of its configuration on the page. */
  readonly language: string
  /** What of the page's text is another one here: ports, files, and what keeps it in its folder. */
  readonly replaced: (place: Place) => Record<string, string>
  readonly arguments: (path: string, place: Place) => readonly string[]
}

/** Text of the page's configuration, and what stands there instead. */
export type Changes = Record<string, string>

export interface Proxy {
  readonly origin: string
}

/**
 * Starts a proxy on a free port, set up as the page says but for these changes, and stops it by its process id when the
 * test ends. The page's two instances are on these ports.
 *
 * @returns Undefined where it is not installed: the test is then skipped by name.
 */
export async function startProxy (t: Test, kind: ProxyKind, ports: readonly number[], changes: Changes = {}): Promise<Proxy | undefined> {
  const binary = requireBinary(t, ...kind.binaries)
  if (binary === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'fastify-typed-sse-proxy-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  const place = { port: await freePort(), folder, ...writeCertificate(folder) }
  const path = join(folder, 'config')
  const config = settle(change(pageConfig(kind), changes), ports, kind.replaced(place))
  writeFileSync(path, config)
  const child = spawn(binary, kind.arguments(path, place), {
    cwd: folder,
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const kill = (): void => { child.kill('SIGKILL') }
  process.once('exit', kill)
  t.teardown(async () => {
    await stop(child)
    process.off('exit', kill)
  })
  let said = ''
  for (const output of [child.stdout, child.stderr]) output.setEncoding('utf8').on('data', (text: string) => { said += text })
  const hasTls = config.includes(place.cert) || config.includes(place.pem)
  await ready(kind.name, child, async () => await accepts(place.port, hasTls), () => said)
  return { origin: `${hasTls ? 'https' : 'http'}://localhost:${place.port}` }
}

/** Its configuration, as it stands on the page. */
export function pageConfig ({ language }: ProxyKind): string {
  const [config, ...others] = codeBlocks(PAGE, language)
  if (config === undefined || others.length > 0) throw new Error(`${fileURLToPath(PAGE)} should have one block of ${language}`)
  return config
}

/** @throws Where a text to be changed is not there: the test would test something else than it says. */
function change (config: string, changes: Changes): string {
  for (const [text, instead] of Object.entries(changes)) {
    if (!config.includes(text)) throw new Error(`the configuration has no '${text}'`)
    config = config.replaceAll(text, () => instead)
  }
  return config
}

/** @throws Where it would still take ports and files that are not the test's. */
function settle (config: string, [one = 0, two = one]: readonly number[], replaced: Record<string, string>): string {
  config = config.replace(/:(3000|3001)\b/g, (_port, port) => `:${port === '3000' ? one : two}`)
  for (const [text, instead] of Object.entries(replaced)) config = config.replaceAll(text, () => instead)
  if (/\/etc\/|:443\b|listen 443\b/.test(config)) throw new Error(`the configuration is not for a test: ${config}`)
  return config
}

function writeCertificate (folder: string): Pick<Place, 'cert' | 'key' | 'pem'> {
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), pem: join(folder, 'both.pem') }
  writeFileSync(files.cert, certificate.cert)
  writeFileSync(files.key, certificate.key)
  writeFileSync(files.pem, Buffer.concat([certificate.cert, certificate.key]))
  return files
}

async function ready (name: string, child: ChildProcess, serves: () => Promise<boolean>, said: () => string): Promise<void> {
  const deadlineMs = performance.now() + READY_WITHIN_MS
  while (!await serves()) {
    if (hasEnded(child)) await delay(100) // for its last words
    if (hasEnded(child) || performance.now() > deadlineMs) throw new Error(`${name} does not start: ${said()}`)
    await delay(20)
  }
}

async function accepts (port: number, hasTls: boolean): Promise<boolean> {
  return await new Promise(resolve => {
    const socket = hasTls ? connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate.cert }) : connect(port, '127.0.0.1')
    socket.on(hasTls ? 'secureConnect' : 'connect', () => {
      resolve(true)
      socket.destroy()
    })
    socket.on('error', () => { resolve(false) })
  })
}

async function stop (child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function hasEnded (child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { startHaproxy } from './haproxy.js'
import { digHole, LOST_ADDRESS, lostPorts, openLoopback, setRetries } from './hole.js'
import { DEFAULTS, type Settings } from './settings.js'
import { type Ending, startApp } from './streams.js'

// How long streams are taken for alive whose peers have vanished: their packets are dropped, and nobody is told.
//
//   unshare --user --map-root-user --net node --import tsx test/deploy/black-hole/program.ts '{"retries":8}'
//
// Each line is a stream, with the milliseconds since its peer has vanished.

/** What has become of a stream, in milliseconds since its peer has vanished; null is never, in the time that was given. */
export interface Outcome {
  stream: string
  /** Of the close record. */
  reason: string | null
  /** When the app knew it, and the stream was over. */
  endedMs: number | null
  /** When the connection was gone from the kernel too. */
  goneMs: number | null
}

interface Peer {
  readonly outcome: Outcome
  readonly port: number
}

const WATCH_MS = 100
const HAPROXY_PORT = 8080 // in a namespace of its own nobody else has it

const settings: Settings = { ...DEFAULTS, ...JSON.parse(process.argv[2] ?? '{}') as Partial<Settings> }
openLoopback()
setRetries(settings.retries)

const peers: Peer[] = []
let vanishedAtMs = Infinity

const plain = await startApp(settings, {}, onEnd(''))
const keepAlive = await startApp(settings, { keepAlive: true, keepAliveInitialDelay: settings.keepAliveMs }, onEnd('keep-alive '))
const proxied = await startApp(settings, {}, onEnd('HAProxy '))
const portOf = (app: typeof plain): number => (app.server.address() as { port: number }).port
const haproxy = await startHaproxy(HAPROXY_PORT, portOf(proxied), settings.userTimeoutMs)

for (const url of ['/quiet', '/no-heartbeats', '/max-age', '/busy']) await open('', portOf(plain), url)
for (const url of ['/quiet', '/no-heartbeats']) await open('keep-alive ', portOf(keepAlive), url)
if (haproxy !== undefined) await open('HAProxy ', HAPROXY_PORT, '/quiet')
const alive = await follow(portOf(plain), '/quiet', '127.0.0.1')

digHole()
vanishedAtMs = performance.now()
while (sinceMs() < settings.limitMs && peers.some(({ outcome }) => outcome.endedMs === null || outcome.goneMs === null)) {
  const known = lostPorts()
  for (const { outcome, port } of peers) {
    if (!known.has(port)) outcome.goneMs ??= sinceMs()
  }
  await delay(WATCH_MS)
}
if (alive.destroyed) throw new Error('a peer that was not lost has lost its stream')
for (const { outcome } of peers) console.log(JSON.stringify(outcome))
if (haproxy !== undefined) {
  haproxy.kill('SIGKILL')
  await once(haproxy, 'exit')
}
process.exit()

function onEnd (server: string) {
  return ({ url, reason }: Ending): void => {
    const peer = peers.find(({ outcome }) => outcome.stream === server + url)
    if (peer === undefined || vanishedAtMs === Infinity) return
    peer.outcome.reason = reason
    peer.outcome.endedMs = sinceMs()
  }
}

/** Opens a stream whose peer will vanish. */
async function open (server: string, port: number, url: string): Promise<void> {
  const socket = await follow(port, url, LOST_ADDRESS)
  const outcome: Outcome = { stream: server + url, reason: null, endedMs: null, goneMs: null }
  peers.push({ outcome, port: socket.localPort ?? 0 })
}

/** Reads a stream, from an address, and goes on for as long as it is there. */
async function follow (port: number, url: string, localAddress: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.on('error', () => {}) // it is destroyed
  socket.write(`GET ${url} HTTP/1.1\r\nHost: test\r\n\r\n`)
  await once(socket, 'data')
  socket.resume()
  return socket
}

function sinceMs (): number {
  return Math.round(performance.now() - vanishedAtMs)
}

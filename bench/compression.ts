// What compression saves and costs: bytes and CPU time of each event, memory of each stream, and all of that in a broadcast.
// node --import tsx bench/compression.ts [events] [streams] [broadcasts]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import zlib from 'node:zlib'
import type { ContentEncoding } from '../types/options.js'
import { kinds } from './compression/event-data.js'
import type { Answer, Question } from './compression/measure.js'
import type { Answer as ServerAnswer, Question as ServerQuestion } from './compression/server.js'
import { encoders } from '../lib/stream/encoders.js'

const SUBSCRIBERS = 1_000
const BROADCASTS = 100
const EVERY_MS = 50
const LEVELS = [undefined, 6, 9]

const encodings = (Object.keys(encoders) as ContentEncoding[]).filter(encoding => encoding !== 'zstd' || 'createZstdCompress' in zlib)

console.log(`Node.js ${process.version}, zlib ${process.versions.zlib}, brotli ${process.versions.brotli}, zstd ${process.versions.zstd ?? 'none'}, ${cpus().length} × ${cpus()[0]?.model}, ${new Date().toISOString().slice(0, 10)}`)
const tables = { events: tableOfEvents, streams: tableOfStreams, broadcasts: tableOfBroadcasts }
const wanted = process.argv.slice(2)
for (const [name, print] of Object.entries(tables)) if (wanted.length === 0 || wanted.includes(name)) await print()

async function tableOfEvents (): Promise<void> {
  table('event data', 'bytes of an event', 'encoding', 'compressed', 'of it', 'CPU alone', 'CPU among 500', 'CPU by the thread pool', 'CPU of 1 MB at once')
  for (const kind of Object.keys(kinds)) {
    for (const encoding of encodings) {
      const alone = await measure({ measure: 'alone', encoding, kind })
      const among = await measure({ measure: 'among others', encoding, kind })
      const pool = await measure({ measure: 'thread pool', encoding, kind })
      const large = await measure({ measure: 'at once', encoding, kind })
      row(kind, alone.bytesIn.toFixed(0), encoding, alone.bytesOut.toFixed(0), percent(alone), ...[alone, among, pool].map(({ microseconds: value }) => microseconds(value)), `${(large.microseconds / 1_000).toFixed(1)} ms`)
    }
  }
}

async function tableOfStreams (): Promise<void> {
  table('encoding', 'level', 'memory, idle', 'memory, busy', ...Object.keys(kinds).flatMap(kind => [kind, 'CPU among 500']))
  for (const encoding of encodings) {
    for (const level of LEVELS) {
      const how = { encoding, ...(level && { level }) }
      const { idleBytes, busyBytes } = await measure({ measure: 'memory', ...how })
      const cells: string[] = []
      for (const kind of Object.keys(kinds)) {
        const among = await measure({ measure: 'among others', kind, ...how })
        cells.push(percent(among), microseconds(among.microseconds))
      }
      row(encoding, level === undefined ? 'default' : String(level), kilobytes(idleBytes), kilobytes(busyBytes), ...cells)
    }
  }
}

async function tableOfBroadcasts (): Promise<void> {
  table('event data', 'encoding', 'bytes of a delivery', 'CPU of a delivery', 'memory of a subscriber, idle', 'busy')
  for (const kind of ['market ticks', 'notifications']) {
    for (const encoding of ['identity', ...encodings]) row(kind, encoding, ...await broadcast(kind, encoding))
  }
}

async function broadcast (kind: string, encoding: string): Promise<string[]> {
  const server = fork(new URL('compression/server.ts', import.meta.url), { execArgv: ['--expose-gc', '--import', 'tsx'] })
  const ask = async (question?: ServerQuestion): Promise<ServerAnswer> => {
    if (question !== undefined) server.send(question)
    const [answer] = await Promise.race([once(server, 'message'), once(server, 'exit').then(([code]) => { throw new Error(`the server has ended with ${code}`) })])
    return answer as ServerAnswer
  }
  const { port } = await ask()
  // What it learns from the first is not what each of them takes.
  for (const subscriber of await Promise.all(Array.from({ length: 50 }, async () => await subscribe(port, encoding)))) subscriber.response.destroy()
  await delay(200)
  const { residentBytes: empty = 0 } = await ask({ weigh: true })
  const subscribers: Subscriber[] = []
  while (subscribers.length < SUBSCRIBERS) {
    subscribers.push(...await Promise.all(Array.from({ length: 100 }, async () => await subscribe(port, encoding))))
  }
  const { residentBytes: idle = 0 } = await ask({ weigh: true })
  const before = subscribers.map(({ chunks }) => lengthOf(chunks))
  const { cpuMicroseconds = 0 } = await ask({ publish: { kind, count: BROADCASTS, everyMs: EVERY_MS } })
  await delay(500)
  const { residentBytes: busy = 0 } = await ask({ weigh: true })
  const bytes = subscribers.reduce((sum, { chunks }, i) => sum + lengthOf(chunks) - (before[i] as number), 0)
  server.disconnect()
  await once(server, 'exit')
  for (const { chunks, response } of subscribers) {
    const events = decode(Buffer.concat(chunks), response.headers['content-encoding']).match(/^data: \{/gm)?.length
    if (events !== BROADCASTS) throw new Error(`a subscriber has got ${events} of ${BROADCASTS} events`)
  }
  return [
    (bytes / SUBSCRIBERS / BROADCASTS).toFixed(0),
    microseconds(cpuMicroseconds / SUBSCRIBERS / BROADCASTS),
    kilobytes((idle - empty) / SUBSCRIBERS),
    kilobytes((busy - empty) / SUBSCRIBERS)
  ]
}

interface Subscriber { response: IncomingMessage, chunks: Buffer[] }

async function subscribe (port: number | undefined, encoding: string): Promise<Subscriber> {
  const request = get({ port, host: '127.0.0.1', agent: false, headers: { 'accept-encoding': encoding } })
  const [response] = await once(request, 'response') as [IncomingMessage]
  if ((response.headers['content-encoding'] ?? 'identity') !== encoding) throw new Error(`encoded by ${response.headers['content-encoding']}`)
  const chunks: Buffer[] = []
  response.on('data', (chunk: Buffer) => { chunks.push(chunk) }).on('error', () => {}) // the server ends first
  return { response, chunks }
}

function decode (bytes: Buffer, encoding: string | undefined): string {
  const { decode, flush } = encoders[encoding as ContentEncoding] ?? { decode: (bytes: Buffer) => bytes, flush: 0 }
  return decode(bytes, encoding === 'gzip' ? zlib.constants.Z_SYNC_FLUSH : flush).toString()
}

function lengthOf (chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0)
}

async function measure (question: Question): Promise<Answer> {
  const child = fork(new URL('compression/measure.ts', import.meta.url), { execArgv: ['--expose-gc', '--import', 'tsx'] })
  child.send(question)
  const [answer] = await Promise.race([once(child, 'message'), once(child, 'exit').then(([code]) => { throw new Error(`a measurement has ended with ${code}`) })])
  await once(child, 'exit')
  return answer as Answer
}

function table (...headings: string[]): void {
  console.log(`\n| ${headings.join(' | ')} |\n|${' --- |'.repeat(headings.length)}`)
}

function row (...cells: string[]): void {
  console.log(`| ${cells.join(' | ')} |`)
}

function percent ({ bytesIn, bytesOut }: Answer): string {
  return `${(100 * bytesOut / bytesIn).toFixed(0)} %`
}

function microseconds (value: number): string {
  return `${value.toFixed(1)} µs`
}

function kilobytes (bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KB`
}

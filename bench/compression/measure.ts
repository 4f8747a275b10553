// A process of its own for each measurement: it answers one message with what came out.
import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import { Compressor } from '../../lib/stream/compressor.js'
import { encoders } from '../../lib/stream/encoders.js'
import type { ContentEncoding } from '../../types/options.js'
import { kinds } from './event-data.js'

export interface Question { measure: 'alone' | 'among others' | 'thread pool' | 'at once' | 'memory', encoding: ContentEncoding, level?: number, kind?: string }
export interface Answer { bytesIn: number, bytesOut: number, microseconds: number, idleBytes: number, busyBytes: number }

const EVENTS = 500
const STREAMS_PER_ROUND = 10
const ROUNDS = 7
/** Far more than the tables of which the processor's caches can hold. */
const STREAMS = 500
/** As many as have gone through every window twice. */
const EVENTS_OF_A_BUSY_STREAM = 200

process.once('message', (question: Question) => {
  answer(question)
    .then(result => { process.send?.(result, () => { process.disconnect() }) })
    .catch(error => { throw error })
})

async function answer ({ measure, encoding, level, kind = 'notifications' }: Question): Promise<Partial<Answer>> {
  const frames = (kinds[kind] as (count: number) => string[])(EVENTS).map(frame => Buffer.from(frame))
  const bytesIn = lengthOf(frames) / EVENTS
  const encoder = encoders[encoding]
  const open = (): Compressor => new Compressor(encoder.open(level), encoder)
  if (measure === 'memory') return memory(open, frames)
  if (measure === 'at once') return atOnce(open, frames)
  if (measure === 'among others') return { bytesIn, ...amongOthers(open, frames) }
  const times: number[] = []
  let bytesOut = 0
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (let stream = 0; stream < STREAMS_PER_ROUND; stream++) {
      bytesOut = (measure === 'alone' ? alone(open(), frames) : await inThreadPool(encoding, frames)) / EVENTS
    }
    times.push(microsecondsSince(before) / EVENTS / STREAMS_PER_ROUND)
  }
  return { bytesIn, bytesOut, microseconds: median(times) }
}

/** One stream, all events one after the other. */
function alone (compressor: Compressor, frames: readonly Buffer[]): number {
  let length = 0
  for (const frame of frames) length += compressor.compress(frame).bytes.length
  compressor.close()
  return length
}

/** A megabyte in one write. */
function atOnce (open: () => Compressor, frames: readonly Buffer[]): Partial<Answer> {
  const all: Buffer[] = []
  while (lengthOf(all) < 1_000_000) all.push(...frames)
  const megabyte = Buffer.concat(all).subarray(0, 1_000_000)
  const times = Array.from({ length: ROUNDS }, () => {
    const compressor = open()
    const before = process.cpuUsage()
    compressor.compress(megabyte)
    const microseconds = microsecondsSince(before)
    compressor.close()
    return microseconds
  })
  return { microseconds: median(times) }
}

/** Many streams, each of which gets an event after all others have got one. */
function amongOthers (open: () => Compressor, frames: readonly Buffer[]): Partial<Answer> {
  const compressors = Array.from({ length: STREAMS }, open)
  const times: number[] = []
  let length = 0
  const events = EVENTS_OF_A_BUSY_STREAM / ROUNDS
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (const frame of frames.slice(Math.round(round * events), Math.round((round + 1) * events))) {
      for (const compressor of compressors) length += compressor.compress(frame).bytes.length
    }
    times.push(microsecondsSince(before) / events / STREAMS)
  }
  return { bytesOut: length / EVENTS_OF_A_BUSY_STREAM / STREAMS, microseconds: median(times) }
}

/** By the stream of node:zlib, as its documentation has it. All threads of the process are counted. */
async function inThreadPool (encoding: ContentEncoding, frames: readonly Buffer[]): Promise<number> {
  const stream = documented(encoding)
  let length = 0
  stream.on('data', (chunk: Buffer) => { length += chunk.length })
  for (const frame of frames) await new Promise(resolve => { stream.write(frame, resolve) })
  stream.destroy()
  return length
}

function documented (encoding: ContentEncoding): Transform {
  const { flush } = encoders[encoding]
  if (encoding === 'gzip') return zlib.createGzip({ flush, level: 1, windowBits: 13, memLevel: 5, chunkSize: 4_096 })
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN } = zlib.constants
  if (encoding === 'br') return zlib.createBrotliCompress({ flush, chunkSize: 4_096, params: { [BROTLI_PARAM_QUALITY]: 3, [BROTLI_PARAM_LGWIN]: 14 } })
  const { ZSTD_c_windowLog: windowLog } = zlib.constants as unknown as { ZSTD_c_windowLog: number }
  return (zlib as unknown as { createZstdCompress: (options: object) => Transform }).createZstdCompress({ flush, chunkSize: 4_096, params: { [windowLog]: 14 } })
}

/** What a stream takes of the process' resident memory, all of it: its JavaScript objects too. */
function memory (open: () => Compressor, frames: readonly Buffer[]): Partial<Answer> {
  const start = Buffer.from('retry: 2000\n')
  // What the first one takes is not what each one takes.
  const first = open()
  first.compress(start)
  first.close()
  const before = resident()
  const compressors = Array.from({ length: STREAMS }, open)
  for (const compressor of compressors) compressor.compress(start)
  const idle = resident()
  for (const compressor of compressors) {
    for (let n = 0; n < EVENTS_OF_A_BUSY_STREAM; n++) compressor.compress(frames[n] as Buffer)
  }
  return { idleBytes: (idle - before) / STREAMS, busyBytes: (resident() - before) / STREAMS }
}

function resident (): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage.rss()
}

function microsecondsSince (before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function median (values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] as number
}

function lengthOf (frames: readonly Buffer[]): number {
  return frames.reduce((sum, { length }) => sum + length, 0)
}

import diagnostics from 'node:diagnostics_channel'
import { Type } from '@sinclair/typebox'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import sse, { type Channel, eventStream } from '../../../lib/index.js'
import type { Limits } from '../../../lib/limits/limits.js'
import type { Streams } from '../../../lib/stream/streams.js'
import type { StreamCloseMessage, StreamOpenMessage } from '../../../types/sink.js'
import type { Said } from './schedule.js'
import type { Visit } from './visit.js'

const payload = Type.Object({ s: Type.Integer(), n: Type.Integer(), pad: Type.String() })
const ticks = eventStream({ tick: payload, done: payload })
const job = eventStream({ tick: payload, done: payload }, { final: ['done'] })

/** Its times are short, and its bounds low, so that a schedule meets them often. */
export const OPTIONS = {
  heartbeatMs: 2_000,
  commitAfterMs: 500,
  stallTimeoutMs: 8_000,
  maxBufferedBytes: 20_000,
  maxStreams: 3,
  maxStreamsPerKey: 2,
  closeTimeoutMs: 4_000,
  closeSpreadMs: 1_000,
  retryMs: 100
}
export const MAX_AGE_MS = 5_000
const HISTORY = 8

/** One line of the log that is worth a look. */
export interface Line { level: string, msg: string, err: (Error & { code?: string }) | undefined }

/** The server that schedules are played on, one after the other. */
export class Server {
  readonly app: FastifyInstance
  /** The visits of the schedule that is played. */
  visits: Visit[] = []
  /** Warnings and errors. */
  lines: Line[] = []
  /** Records of streams, whether they had begun or not, by reason; and what they say. */
  readonly counted = { opened: 0, unopened: 0, closed: new Map<string, number>(), events: 0, bytes: 0 }
  /** Offsets of the channel, by the numbers that were published. */
  published = 0
  epoch = ''
  channel!: Channel<{ tick: typeof payload, done: typeof payload }>
  isUsedUp = false
  readonly #hooks: Array<() => void> = []
  readonly #stopListening: () => void

  constructor (fastPaths: boolean) {
    this.app = Fastify({ loggerInstance: this.#logger() }) as unknown as FastifyInstance
    const onOpen = (message: unknown): void => { this.#onOpen(message as StreamOpenMessage) }
    const onClose = (message: unknown): void => { this.#onClose(message as StreamCloseMessage) }
    diagnostics.subscribe('fastify-typed-sse:stream:open', onOpen)
    diagnostics.subscribe('fastify-typed-sse:stream:close', onClose)
    this.#stopListening = () => {
      diagnostics.unsubscribe('fastify-typed-sse:stream:open', onOpen)
      diagnostics.unsubscribe('fastify-typed-sse:stream:close', onClose)
    }
    this.app.register(sse, { ...OPTIONS, fastPaths, streamKey: request => String(request.headers['x-user']), onClose: (record, request) => { this.visitOf(request)?.records.push(record) } })
    this.app.register(async app => { this.#addRoutes(app) })
  }

  get limits (): Limits {
    return this.#registration.limits
  }

  get streams (): Streams {
    return this.#registration.streams
  }

  visitOf (request: FastifyRequest): Visit | undefined {
    return request.server.server === this.app.server ? this.visits[Number(request.headers['x-visit'])] : undefined
  }

  async publish (what: Said): Promise<void> {
    const isEvent = what === 'event' || what === 'large' || what === 'final'
    const data = { s: -1, n: this.published + 1, pad: what === 'large' ? 'x'.repeat(9_000) : '' }
    if (isEvent) this.published++
    await this.channel.publish(isEvent ? { event: what === 'final' ? 'done' : 'tick', data } : { event: 'tick', data: 'wrong' } as never)
  }

  /** Lets the hooks go on that wait. */
  letHooksGoOn (): void {
    for (const goOn of this.#hooks.splice(0)) goOn()
  }

  async start (): Promise<this> {
    await this.app.ready()
    ;[this.epoch = ''] = (await this.channel.position()).split('.')
    return this
  }

  async stop (): Promise<void> {
    this.#stopListening()
    await this.app.close()
  }

  get #registration (): { limits: Limits, streams: Streams } {
    return (this.app as unknown as Record<symbol, { limits: Limits, streams: Streams }>)[Symbol.for('fastify-typed-sse.registration')] as { limits: Limits, streams: Streams }
  }

  #addRoutes (app: FastifyInstance): void {
    this.channel = app.sse.channel('ticks', ticks, { history: { maxEvents: HISTORY } }) as unknown as Server['channel']
    const handler = (request: FastifyRequest, reply: FastifyReply): unknown => this.visitOf(request)?.handle(request, reply)
    const add = (kind: string, options: object, handle = handler): void => {
      app.route({ method: ['GET', 'POST'], url: `/${kind}`, ...options, handler: handle as never })
    }
    const declared = { schema: { response: { 200: ticks } } }
    add('pull', declared)
    add('sink', declared)
    add('push', { schema: { response: { 200: job } } })
    add('final', { schema: { response: { 200: job } } })
    add('told', { ...declared, sse: { onStreamError: () => ({ event: 'tick', data: { s: -2, n: 0, pad: '' } }) } })
    add('aged', { ...declared, sse: { maxAgeMs: MAX_AGE_MS } })
    add('hooked', {
      ...declared,
      preHandler: async () => { await this.#hook() },
      onSend: async (_request: unknown, _reply: unknown, payload: unknown) => {
        await this.#hook()
        return payload
      }
    })
    add('undeclared', {})
    add('plain', {})
    add('broken', declared)
    add('channel', declared, (request, reply) => {
      const visit = this.visitOf(request) as Visit
      visit.handle(request, reply)
      return this.channel.subscribe(request)
    })
  }

  async #hook (): Promise<void> {
    await new Promise<void>(resolve => { this.#hooks.push(resolve) })
  }

  #onOpen ({ request }: StreamOpenMessage): void {
    const visit = this.visitOf(request)
    if (visit === undefined) return
    visit.opens++
    this.counted.opened++
  }

  #onClose ({ request, record }: StreamCloseMessage): void {
    const visit = this.visitOf(request)
    if (visit === undefined) return
    visit.logged.push(record)
    const { counted } = this
    if (visit.opens === 0) {
      counted.unopened++
      return
    }
    counted.closed.set(record.reason, (counted.closed.get(record.reason) ?? 0) + 1)
    counted.events += record.events
    counted.bytes += record.bytes
  }

  #logger (): never {
    const note = (level: string) => (first: { err?: Error } | string, msg = '') => {
      this.lines.push(typeof first === 'string' ? { level, msg: first, err: undefined } : { level, msg, err: first.err })
    }
    const ignore = (): void => {}
    const logger = { level: 'info', trace: ignore, debug: ignore, info: ignore, warn: note('warn'), error: note('error'), fatal: note('fatal'), child: (): object => logger }
    return logger as never
  }
}

import { cpSync, renameSync, rmSync } from 'node:fs'
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node'
import fastify from 'fastify'
import type { Test } from 'tap'
import { natsBroker, type NatsBrokerOptions } from '../../../lib/brokers/nats.js'
import type { Broker, Log, LogOptions } from '../../../types/broker.js'
import { startNats } from '../../helpers/nats-server.js'
import type { ServerProcess } from '../../helpers/server-process.js'
import { requireBinary } from '../../helpers/services.js'
import { EVERYTHING, uniqueName } from '../conformance/harness.js'

/** Short, so that tests which wait for it don't take long; long enough for a machine that is busy. */
export const TIMEOUT_MS = 1_000

const SILENT = fastify({ logger: false }).log

/** A server, and what a test does with it. All is closed when the test ends. */
export class Nats {
  readonly server: ServerProcess
  readonly #t: Test
  readonly #login: ConnectionOptions

  constructor (t: Test, server: ServerProcess, login: ConnectionOptions) {
    this.#t = t
    this.server = server
    this.#login = login
  }

  async connect (options: ConnectionOptions = {}): Promise<NatsConnection> {
    const connection = await connect({ servers: `127.0.0.1:${this.server.port}`, reconnectTimeWait: 50, maxReconnectAttempts: -1, ...this.#login, ...options })
    this.#t.teardown(async () => { await connection.close() })
    return connection
  }

  async broker (options: Partial<NatsBrokerOptions> = {}): Promise<Broker> {
    return natsBroker({ connection: await this.connect(), timeoutMs: TIMEOUT_MS, ...options })
  }

  open (broker: Broker, options: Partial<LogOptions> = {}): Log {
    const log = broker.open({ name: uniqueName(), retention: EVERYTHING, idempotencyWindowMs: 60_000, log: SILENT, ...options })
    this.#t.teardown(async () => { await log.close() })
    return log
  }

  async manager (): Promise<JetStreamManager> {
    return await jetstreamManager(await this.connect())
  }

  /** @returns What lets the server come back with the disk that it has now. */
  saveDisk (): () => Promise<void> {
    const { server } = this
    const older = `${server.folder}-older`
    server.pause() // so that its files fit together
    cpSync(server.folder, older, { recursive: true })
    server.resume()
    this.#t.teardown(() => { rmSync(older, { recursive: true, force: true }) })
    return async () => {
      await server.kill()
      rmSync(server.folder, { recursive: true })
      renameSync(older, server.folder)
      await server.restart()
    }
  }

  /** The one stream that begins with a prefix. */
  async streamOf (manager: JetStreamManager, prefix = 'sse'): Promise<string> {
    const names = await manager.streams.names().next()
    const found = names.filter(name => name.startsWith(`${prefix}-`))
    if (found.length !== 1) throw new Error(`streams: ${found.join(', ')}`)
    return found[0] as string
  }
}

/** Undefined where there is no server to be had: the test is then skipped by name. */
export async function startFor (t: Test, args: readonly string[] = [], login: ConnectionOptions = {}): Promise<Nats | undefined> {
  const binary = requireBinary(t, 'nats-server')
  return binary === undefined ? undefined : new Nats(t, await startNats(t, binary, args), login)
}

/** What is said to a logger. */
export function listen (): { log: LogOptions['log'], said: string[] } {
  const said: string[] = []
  const log = Object.fromEntries(['debug', 'info', 'warn', 'error'].map(level => [level, (...args: unknown[]) => { said.push(`${level}: ${String(args.at(-1))}`) }]))
  return { log: log as unknown as LogOptions['log'], said }
}

import { join } from 'node:path'
import type { Test } from 'tap'
import { type Cable, layCable } from '../helpers/cable.js'
import { compileTo } from '../helpers/compile.js'
import type { ServerProcess } from '../helpers/server-process.js'
import { until, within } from '../helpers/within.js'
import type { Random } from '../proof/random.js'
import { Account } from './account.js'
import { type ChannelName, CHANNELS, HISTORIES, type Mode } from './channels.js'
import { Client } from './client.js'
import { Instance } from './instance.js'
import { Ledger } from './ledger.js'
import { type Place, placeOf } from './place.js'
import { Publisher } from './publisher.js'
import { type Told, Truth } from './truth.js'

const PUBLISHERS = 6
/** Events that are published at once. */
const FLOOD = 50

const CAUGHT_UP_WITHIN_MS = 30_000

export interface ClusterOptions {
  readonly mode: Mode
  readonly random: Random
  readonly clients: number
  /** Undefined where instances keep events in memory. */
  readonly engine: ServerProcess | undefined
}

/** What has been found at a check. */
export interface Counts {
  readonly acknowledged: number
  readonly refused: number
  readonly uncertain: number
  readonly deliveries: number
  readonly gaps: number
  readonly connections: number
  /** Events that were acknowledged, and that the engine has lost. */
  readonly lost: number
}

const NOTHING: Counts = { acknowledged: 0, refused: 0, uncertain: 0, deliveries: 0, gaps: 0, connections: 0, lost: 0 }

interface Reader { readonly client: Client, readonly channel: ChannelName, readonly account: Account }

/** Three instances of an app and their engine, each connected to it by a cable of its own; those who publish, and those who read. */
export class Cluster {
  readonly instances: Instance[] = []
  readonly cables: Cable[] = []
  readonly engine: ServerProcess | undefined
  readonly publisher: Publisher
  readonly #options: ClusterOptions
  readonly #ledger = new Ledger()
  readonly #readers: Reader[] = []
  /** Reads the log as somebody new. */
  #auditor: Instance | undefined
  /** What had been found when a channel was checked last. */
  #before = NOTHING
  #isOver = false

  private constructor (options: ClusterOptions) {
    this.#options = options
    this.engine = options.engine
    this.publisher = new Publisher(this.#ledger, options.random.fork(), () => this.#ports)
  }

  static async start (t: Test, program: string, options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options)
    const { mode, engine, random, clients } = options
    for (let i = 0; i < (engine === undefined ? 1 : 3); i++) {
      const cable = engine === undefined ? undefined : await layCable(t, engine.port)
      if (cable !== undefined) cluster.cables.push(cable)
      cluster.instances.push(new Instance(t, program, mode, cable?.port ?? 0))
    }
    if (engine !== undefined) cluster.#auditor = new Instance(t, program, mode, engine.port)
    await Promise.all(cluster.instances.map(async instance => { await instance.start() }))
    // Three of four read what is kept, the others what is trimmed.
    for (let i = 0; i < clients; i++) cluster.#readers.push(cluster.#reader(i % 4 === 3 ? 'trimmed' : 'whole', random.fork()))
    const running = cluster.#readers.map(async ({ client }) => { await client.run() })
    t.teardown(async () => {
      cluster.#isOver = true
      for (const { client } of cluster.#readers) client.end()
      await Promise.all(running)
    })
    void cluster.#churn(random.fork())
    // Everybody has begun somewhere, so that whatever happens from now on must not be missed.
    await until(() => `all clients to begin; ${cluster.#late(() => false)}`, CAUGHT_UP_WITHIN_MS, () => cluster.#readers.every(({ client }) => client.got.length > 0))
    return cluster
  }

  /** Those who read a channel. */
  readers (channel: ChannelName): Client[] {
    return this.#readers.filter(reader => reader.channel === channel).map(({ client }) => client)
  }

  /** Waits until that many more events are acknowledged. */
  async published (count: number): Promise<void> {
    const enough = this.#ledger.count().acknowledged + count
    await until(() => `${enough} events to be acknowledged, of ${JSON.stringify(this.#ledger.count())}`, CAUGHT_UP_WITHIN_MS, () => this.#ledger.count().acknowledged >= enough)
  }

  /** Publishes without one of the instances, until all is acknowledged. */
  async flood (channel: ChannelName, count: number, without: Instance): Promise<void> {
    const ports = this.instances.flatMap(instance => instance === without ? [] : instance.port ?? [])
    const publisher = new Publisher(this.#ledger, this.#options.random.fork(), () => ports)
    for (let left = count; left > 0; left -= FLOOD) await publisher.insist(channel, FLOOD)
  }

  /** Publishes all the while, then looks whether everybody has got what he should. */
  async during (channels: readonly [ChannelName, ...ChannelName[]], fault: () => Promise<void>): Promise<Counts> {
    const over = new AbortController()
    const pauseMs = this.#options.clients
    const publishing = Array.from({ length: PUBLISHERS }, async (_, i) => {
      await this.publisher[i % 2 === 0 ? 'publish' : 'publishSurely'](channels, pauseMs, over.signal)
    })
    try {
      await fault()
    } finally {
      over.abort()
    }
    const [auditor] = await within('publishers to end', CAUGHT_UP_WITHIN_MS, Promise.all([this.#audit(), ...publishing]))
    return await this.#check(auditor)
  }

  get #ports (): number[] {
    return this.instances.flatMap(({ port }) => port ?? [])
  }

  #reader (channel: ChannelName, random: Random): Reader {
    const client = new Client(`/${channel}`, random, () => this.#ports, (n, id) => { this.#ledger.tell(channel, n, id) })
    return { client, channel, account: new Account() }
  }

  /** Clients lose their connections without any fault. */
  async #churn (random: Random): Promise<void> {
    while (!this.#isOver) {
      await new Promise(resolve => { setTimeout(resolve, random.below(200)).unref() })
      const [first, ...rest] = this.#readers
      if (first !== undefined) random.pick([first, ...rest]).client.leave()
    }
  }

  async #check (auditor: Instance): Promise<Counts> {
    let counts = { ...NOTHING }
    try {
      for (const channel of CHANNELS) counts = combine(counts, await this.#checkChannel(channel, auditor), 1)
    } finally {
      if (auditor === this.#auditor) await auditor.kill()
    }
    if (this.publisher.failures.length > 0) throw new Error(this.publisher.failures.slice(0, 5).join('\n'))
    counts = { ...counts, ...this.#ledger.count() }
    const since = combine(counts, this.#before, -1)
    this.#before = counts
    return since
  }

  /** One that has not seen the fault, where events outlast an instance. */
  async #audit (): Promise<Instance> {
    if (this.#auditor === undefined) return this.instances[0] as Instance
    await this.#auditor.start()
    return this.#auditor
  }

  async #checkChannel (channel: ChannelName, auditor: Instance): Promise<Counts> {
    const end = await within(`the end of ${channel} to be published`, CAUGHT_UP_WITHIN_MS, this.publisher.insist(channel, 1))
    const place = placeOf(end.id)
    const isThrough = ({ client, ...reader }: Reader): boolean => {
      if (reader.channel !== channel) return true
      if (client.failure !== undefined) throw client.failure
      const last = client.got.at(-1)
      if (last === undefined) return false
      return last.id === end.id || isAfter(placeOf(last.id), place)
    }
    await until(() => `all clients to get ${end.n} at ${end.id}; ${this.#late(isThrough)}`, CAUGHT_UP_WITHIN_MS, () => this.#readers.every(isThrough))
    const surviving = await this.#read(channel, auditor, end)
    const truth = new Truth(surviving, this.#ledger.told(channel), HISTORIES[channel].maxEvents)
    this.#ledger.check(channel, truth.events)
    const problems: string[] = []
    const counts = this.#readers.filter(reader => reader.channel === channel).map(({ client, account }): Counts => {
      try {
        const later = client.got.findIndex(({ id }) => isAfter(placeOf(id), place))
        for (const got of client.got.splice(0, later === -1 ? Infinity : later)) account.take(got, truth)
      } catch (error) {
        problems.push((error as Error).message)
      }
      return { ...NOTHING, deliveries: account.events, gaps: account.gaps, connections: client.connections }
    })
    const lost = this.#ledger.acknowledged(truth.lost).length
    if (problems.length > 0) throw new Error(`${problems.length} clients on ${channel}, with ${lost} events lost so far, of which the first: ${problems.slice(0, 3).join('\n')}`)
    return counts.reduce((sum, each) => combine(sum, each, 1), { ...NOTHING, lost })
  }

  /** All that is left of a channel, up to an event. */
  async #read (channel: ChannelName, auditor: Instance, end: { n: number }): Promise<Told[]> {
    const reader = new Client(`/${channel}/start`, this.#options.random.fork(), () => auditor.port === undefined ? [] : [auditor.port], () => {})
    const running = reader.run()
    try {
      await until(() => `a new reader to get ${end.n}; ${reader.describe()}`, CAUGHT_UP_WITHIN_MS, () => reader.newest === end.n || reader.failure !== undefined)
    } finally {
      reader.end()
      await running
    }
    if (reader.failure !== undefined) throw reader.failure
    return reader.got.flatMap(got => {
      if (got.event === 'stream-gap') throw new Error('a new reader was told of a gap')
      return got.event === 'tick' ? [{ n: got.n, place: placeOf(got.id) }] : []
    })
  }

  #late (isThere: (reader: Reader) => boolean): string {
    const late = this.#readers.filter(reader => !isThere(reader))
    return `${late.length} are not there, such as ${late.slice(0, 3).map(({ client }) => client.describe()).join('; ')}`
  }
}

/** Compiles the program that instances run. */
export function compileInstance (folder: string): string {
  compileTo(folder, ['lib', 'types', 'test/faults'])
  return join(folder, 'test/faults/fixtures/instance.js')
}

function isAfter ({ epoch, offset }: Place, place: Place): boolean {
  return epoch === place.epoch && offset > place.offset
}

/** Adds, or takes away. */
function combine (a: Counts, b: Counts, sign: 1 | -1): Counts {
  const keys = Object.keys(a) as Array<keyof Counts>
  return Object.fromEntries(keys.map(key => [key, a[key] + sign * b[key]])) as unknown as Counts
}

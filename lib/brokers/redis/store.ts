import type { LogOptions, Page, Position, StoredRecord } from '../../../types/broker.js'
import { decodeRecord, encodeFacts, type Entry, toRecord } from './entry.js'
import type { LogKeys } from './keys.js'
import type { Outgoing } from './outbox.js'
import { formatPosition, parsePlace, toEpoch } from './place.js'
import type { Script } from './script.js'
import { APPEND, APPEND_LATEST, FIND_HEADS, READ, READ_LATEST } from './scripts.js'
import { Witness } from './witness.js'

/**
 * What a stream keeps at least, whatever is to be retained, so that instances which read it live miss nothing when many
 * events come at once.
 */
const LIVE_EVENTS = 500
const LIVE_BYTES = 64 * 1024

/** Marks between which a stream is trimmed: up to a sixteenth more than what is to be retained is kept. */
const MARKS = 16

type Run = (script: Script, keys: readonly string[], args: readonly string[]) => Promise<unknown>

/** Where a log stands in Redis. */
export type Place = Position & { readonly term: number }

/** What is asked of Redis about one log. */
export class Store {
  readonly keys: LogKeys
  readonly #witness = new Witness()
  readonly #isLatest: boolean
  readonly #remembersKeys: boolean
  readonly #limits: readonly string[]
  readonly #appendArgs: readonly string[]
  readonly #run: Run

  constructor (keys: LogKeys, { retention, idempotencyWindowMs }: Pick<LogOptions, 'retention' | 'idempotencyWindowMs'>, run: Run) {
    this.keys = keys
    this.#run = run
    this.#isLatest = retention.latest === true
    this.#remembersKeys = idempotencyWindowMs > 0
    const window = format(Math.ceil(idempotencyWindowMs))
    if (retention.latest === true) {
      this.#limits = []
      this.#appendArgs = [window, format(retention.maxKeys), format(LIVE_EVENTS)]
      return
    }
    const { maxEvents, maxBytes, maxAgeMs } = retention
    const limits = [Math.max(maxEvents, LIVE_EVENTS), Math.max(maxBytes, LIVE_BYTES), maxAgeMs]
    const steps = limits.map(limit => Math.ceil(limit / MARKS))
    this.#limits = limits.map(format)
    this.#appendArgs = [window, ...this.#limits, ...steps.map(format)]
  }

  /** What opens it, in every script. */
  get opening (): readonly string[] {
    return this.#witness.opening
  }

  /** A record that is known to be stored. */
  see (position: Position): void {
    this.#witness.see(position)
  }

  /**
   * Stores records in one step.
   *
   * @param sender Who stores them. @param number Which of its batches this is: the same one is stored once.
   */
  async append (sender: string, number: number, batch: readonly Outgoing[]): Promise<Position[]> {
    const keys = [...this.keys.all, this.keys.sent(sender)]
    const args = [...this.opening, String(number), ...this.#appendArgs]
    for (const { record, idempotencyKey } of batch) {
      const key = idempotencyKey === undefined || !this.#remembersKeys ? 0 : keys.push(this.keys.idempotency(idempotencyKey))
      args.push(encodeFacts(record), record.data, String(key))
      if (this.#isLatest) args.push(record.key as string, record.tombstone === true ? '1' : '0')
    }
    const outcome = await this.#run(this.#isLatest ? APPEND_LATEST : APPEND, keys, args) as string
    const [life = '', term, ...offsets] = outcome.split(' ')
    const epoch = toEpoch(life, Number(term))
    const positions = offsets.map(offset => ({ epoch, offset: Number(offset) }))
    for (const position of positions) this.see(position)
    return positions
  }

  async head (): Promise<Place> {
    const [head] = await findHeads([this], this.#run)
    if (head instanceof Error) throw head
    this.see(head as Place)
    return head as Place
  }

  async read (after: Position | undefined, limit: number): Promise<Page> {
    const position = after === undefined ? ['', '0', '0'] : formatPosition(after)
    const args = this.#isLatest ? [...this.opening, ...position] : [...this.opening, ...position, String(limit), ...this.#limits]
    const found = await this.#run(this.#isLatest ? READ_LATEST : READ, this.keys.all, args)
    const [head, earliest, lost, entries] = found as [string, string, number, string[] | Entry[]]
    const { epoch, offset } = parsePlace(head)
    const page = { epoch, earliest: Number(earliest), lost: Number(lost) === 1 }
    if (page.lost) return { ...page, records: [], through: offset }
    if (this.#isLatest) return { ...page, records: toLatest(entries as string[]), through: offset }
    const from = after?.offset ?? page.earliest
    const records = untilHole((entries as Entry[]).map(toRecord), from)
    // Somebody has deleted an entry by hand, or written one: what stands behind it is not all there.
    if (records === undefined || (records.length === 0 && offset > from)) return { ...page, lost: true, records: [], through: offset }
    return { ...page, records, through: records.at(-1)?.offset ?? offset }
  }
}

/** Where each of these logs stands, or what Redis says against it. They have to be of one shard. */
export async function findHeads (logs: ReadonlyArray<Pick<Store, 'keys' | 'opening'>>, run: Run): Promise<Array<Place | Error>> {
  const heads = await run(FIND_HEADS, logs.flatMap(({ keys }) => keys.all), logs.flatMap(({ opening }) => opening)) as string[]
  return heads.map(head => head.startsWith('! ') ? new Error(head.slice(2)) : parsePlace(head))
}

/** Undefined where the first one already does not stand right after this offset, or is none of ours. */
function untilHole (records: ReadonlyArray<StoredRecord | undefined>, from: number): readonly StoredRecord[] | undefined {
  const hole = records.findIndex((record, index) => record?.offset !== from + index + 1)
  if (hole === 0) return undefined
  return (hole === -1 ? records : records.slice(0, hole)) as StoredRecord[]
}

function toLatest (found: readonly string[]): StoredRecord[] {
  const records: StoredRecord[] = []
  for (let index = 0; index < found.length; index += 2) {
    const [offset, record] = found.slice(index, index + 2) as [string, string]
    const end = record.indexOf('\n')
    records.push(decodeRecord(Number(offset), record.slice(0, end), record.slice(end + 1)))
  }
  return records.sort((a, b) => a.offset - b.offset)
}

function format (limit: number): string {
  return String(Math.min(limit, Number.MAX_SAFE_INTEGER))
}

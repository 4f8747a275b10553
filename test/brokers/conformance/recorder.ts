import type { Follower, Log, Position, StoredRecord } from '../../../types/broker.js'
import { Inbox } from '../../helpers/inbox.js'

/** Long enough for any network, short enough to be told apart from a test that hangs. */
const PATIENCE_MS = 10_000

/** Follows a log, and notes what a broker must not do. */
export class Recorder implements Follower {
  readonly begins: Position[] = []
  readonly records: StoredRecord[] = []
  /** What was against the contract. Every test expects none. */
  readonly problems: string[] = []
  onBegin = (): void => {}
  onReceive = (_records: readonly StoredRecord[]): void => {}
  readonly #calls = new Inbox<unknown>()
  readonly #stop: () => void
  #offset = -1
  #following = false
  #stopped = false

  constructor (log: Log) {
    this.#stop = log.follow(this)
    this.#following = true
  }

  begin = (position: Position): void => {
    this.#check('begin')
    this.begins.push(position)
    this.#offset = position.offset
    this.onBegin()
    this.#calls.push(position)
  }

  receive = (records: readonly StoredRecord[]): void => {
    this.#check('receive')
    if (this.begins.length === 0) this.problems.push('receives before it begins')
    if (records.length === 0) this.problems.push('receives nothing')
    for (const record of records) {
      if (record.offset <= this.#offset) this.problems.push(`receives ${record.offset} after ${this.#offset}`)
      this.#offset = record.offset
      this.records.push(record)
    }
    this.onReceive(records)
    this.#calls.push(records)
  }

  /** Where it began. */
  async begun (): Promise<Position> {
    await this.#until(() => this.begins.length > 0, 'begin')
    return this.begins[0] as Position
  }

  /** Resolves once it has got this record, or a later one, or began after it. */
  async reached ({ offset }: Position): Promise<void> {
    await this.#until(() => this.#offset >= offset, `record ${offset}`)
  }

  stop (): void {
    this.#stopped = true
    this.#stop()
  }

  #check (call: string): void {
    if (!this.#following) this.problems.push(`${call} before follow has returned`)
    if (this.#stopped) this.problems.push(`${call} after it was stopped`)
  }

  async #until (condition: () => boolean, what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`waited for ${what}; got ${this.records.length} records, and is at ${this.#offset}`)), PATIENCE_MS)
    })
    try {
      await Promise.race([this.#calls.until(condition), late])
    } finally {
      clearTimeout(timer)
    }
  }
}

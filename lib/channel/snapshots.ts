import type { Position } from '../../types/broker.js'
import type { Snapshot, SnapshotContext, Topic } from '../../types/channel.js'
import { asyncScope } from '../async-scope.js'
import { FST_ERR_SSE_SNAPSHOT_INVALID } from '../errors.js'
import type { Message } from './message.js'
import { formatId, positionIn } from './position.js'

/** What a snapshot source is made of. */
export interface SnapshotParts {
  readonly channel: string
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number
  readonly take: (context: SnapshotContext) => Snapshot<unknown> | Promise<Snapshot<unknown>>
  /** Where the live end of the channel stands now. */
  readonly head: () => Position
  /** Checks and encodes an event of the snapshot. */
  readonly messageOf: (event: unknown) => Message
}

/** A state, and the position that it stands for. */
export interface TakenSnapshot {
  readonly messages: readonly Message[]
  readonly position: Position
}

/** The snapshots of a channel: one at a time for the same topics, however many ask. */
export class Snapshots {
  readonly #parts: SnapshotParts
  readonly #underWay = new Map<string, Promise<TakenSnapshot>>()
  /** The context in which the channel was opened: what many get must not depend on the request of the one who asks first. */
  readonly #scope = asyncScope()

  constructor (parts: SnapshotParts) {
    this.#parts = parts
  }

  /** @throws FST_ERR_SSE_SNAPSHOT_INVALID, and whatever the source throws. */
  async take (topics: readonly Topic[] | undefined): Promise<TakenSnapshot> {
    const key = JSON.stringify(topics?.map(topic => JSON.stringify(topic)).sort())
    const known = this.#underWay.get(key)
    if (known !== undefined) return await known
    const taken = this.#scope.runInAsyncScope(() => this.#take(topics))
    this.#underWay.set(key, taken)
    try {
      return await taken
    } finally {
      this.#underWay.delete(key)
    }
  }

  async #take (topics: readonly Topic[] | undefined): Promise<TakenSnapshot> {
    const { channel, take, head, messageOf } = this.#parts
    const controller = new AbortController()
    // No await between the position and the call: a state that is read synchronously fits it exactly.
    const asked = head()
    const snapshot = take({ topics, position: formatId([asked]), signal: controller.signal })
    const taken = isPromise(snapshot) ? await this.#inTime(snapshot, controller) : snapshot
    const { events, position } = 'events' in taken ? taken : { events: taken, position: undefined }
    const messages = Array.from(events, messageOf)
    if (position === undefined) return { messages, position: asked }
    const known = positionIn(position, asked.epoch)
    if (known === undefined) throw FST_ERR_SSE_SNAPSHOT_INVALID(channel, `have a position that the channel gave in its present life, instead got '${position}'`)
    return { messages, position: known }
  }

  /** One that never comes would keep all who wait for it from ever getting anything. */
  async #inTime<T> (snapshot: Promise<T>, controller: AbortController): Promise<T> {
    const { channel, timeoutMs } = this.#parts
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const error = FST_ERR_SSE_SNAPSHOT_INVALID(channel, `be taken within ${timeoutMs} ms`)
        reject(error)
        controller.abort(error)
      }, timeoutMs).unref()
    })
    try {
      return await Promise.race([snapshot, tooLate])
    } finally {
      clearTimeout(timer)
    }
  }
}

function isPromise<T> (value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Partial<Promise<T>>).then === 'function'
}

import { setTimeout as timeout } from 'node:timers/promises'
import type { Channel } from '../../types/channel.js'
import { payloadJsonSchema } from '../schema/payload-schema.js'
import { tail, type TailedEvent } from './events.js'
import { short } from './stream-rows.js'
import { Wakeup } from './wakeup.js'

/** How often a page is told, and of how many events at most: as much as can be read as it goes by. */
const INTERVAL_MS = 250
const MAX_EVENTS = 50

/** Of one event, and of one schema, in UTF-16 code units. */
const MAX_DATA = 4_000
const MAX_SCHEMA = 20_000

/** Ids of channels that sign them are for somebody; these are for nobody else. */
const SCOPE = 'fastify-typed-sse/inspector'

type Tail = ReturnType<typeof tail.event[keyof typeof tail.event]>

/**
 * What comes on a channel from now on, of all topics. It subscribes as others do, so it is among those who are counted, and
 * gets what other instances publish. It takes everything as it comes, and keeps what can be shown.
 */
export async function * tailStream (channel: Channel, signal: AbortSignal): AsyncGenerator<Tail, void> {
  yield tail.event.channel({ name: channel.name, events: declared(channel) })
  const kept = new Kept()
  const reading = kept.readAll(channel.subscribe({ signal, scope: SCOPE }, { from: 'live' }))
  reading.catch(() => {}) // thrown below
  while (!kept.isOver || kept.events.length > 0) {
    await kept.changed.next()
    if (kept.events.length > 0) yield tail.event.events(kept.take())
    if (!kept.isOver) await timeout(INTERVAL_MS, undefined, { signal, ref: false })
  }
  await reading
}

/** The newest events that were not told yet. */
class Kept {
  readonly changed = new Wakeup()
  events: TailedEvent[] = []
  isOver = false
  #skipped = 0

  async readAll (events: AsyncIterable<{ event?: string, data?: unknown, id?: string }>): Promise<void> {
    try {
      for await (const { event = 'message', data, id } of events) if (event !== 'stream-position') this.#add(event, data, id)
    } finally {
      this.isOver = true
      this.changed.call()
    }
  }

  take (): { skipped: number, events: TailedEvent[] } {
    const { events } = this
    const skipped = this.#skipped
    this.events = []
    this.#skipped = 0
    return { skipped, events }
  }

  #add (event: string, data: unknown, id: string | undefined): void {
    const text = toText(data)
    this.events.push({ at: Date.now(), event, ...(id !== undefined && { id }), data: short(text, MAX_DATA), length: text.length })
    if (this.events.length > MAX_EVENTS) {
      this.events.shift()
      this.#skipped++
    }
    this.changed.call()
  }
}

/** As JSON: what a schema has decoded may be something else, and hold what JSON has not. */
function toText (data: unknown): string {
  try {
    return String(JSON.stringify(data ?? null)) // of a function, for one, there is none
  } catch {
    return String(data)
  }
}

function declared ({ stream: { schemas, final } }: Channel): Array<{ name: string, isFinal: boolean, schema: string }> {
  return Object.entries(schemas).map(([name, schema]) => ({
    name,
    isFinal: final.includes(name),
    schema: short(String(JSON.stringify(payloadJsonSchema(schema), null, 2)), MAX_SCHEMA)
  }))
}

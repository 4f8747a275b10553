import type { Broker, Follower, StoredRecord } from '../../types/broker.js'

/** A broker whose records come when the test says so, and which fails when it says so. */
export function heldBroker (inner: Broker) {
  const held: Array<() => void> = []
  let isHeld = false
  let appendFails = false
  let heads: number | undefined
  const broker: Broker = {
    open: options => {
      const log = inner.open(options)
      const follow = (follower: Follower): () => void => log.follow({
        begin: position => { follower.begin(position) },
        receive: (records: readonly StoredRecord[]) => {
          if (isHeld) held.push(() => { follower.receive(records) })
          else follower.receive(records)
        }
      })
      return {
        append: async (record, idempotencyKey) => {
          if (appendFails) throw new Error('no broker')
          return await log.append(record, idempotencyKey)
        },
        head: async () => {
          if (heads === undefined) return await log.head()
          heads++
          throw new Error('no broker')
        },
        read: async (after, limit) => await log.read(after, limit),
        follow,
        close: async () => { await log.close() }
      }
    },
    close: async () => { await inner.close() }
  }
  return {
    broker,
    hold: () => { isHeld = true },
    release: () => {
      isHeld = false
      for (const give of held.splice(0)) give()
    },
    breakAppend: (fails: boolean) => { appendFails = fails },
    /** @returns How often the end of the log was asked for since. */
    breakHead: () => {
      heads = 0
      return () => heads
    }
  }
}

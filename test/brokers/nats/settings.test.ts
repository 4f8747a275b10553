import t from 'tap'
import { limitsOf } from '../../../lib/brokers/nats/settings.js'
import type { LogOptions, Retention } from '../../../types/broker.js'

const placement = { replicas: 3, storage: 'file' } as const
const limits = (retention: Retention, idempotencyWindowMs = 120_000) => limitsOf({ name: 'a', retention, idempotencyWindowMs, log: null as unknown as LogOptions['log'] }, placement)
const history = { maxEvents: 1_000, maxBytes: 1_000_000, maxAgeMs: 3_600_000 }

t.test('a history has the limits of its channel, and room for what JetStream adds', async t => {
  t.strictSame(limits(history), { max_msgs: 1_000, max_bytes: 1_150_000, max_msgs_per_subject: -1, max_age: 3600e9, duplicate_window: 120e9, num_replicas: 3 })
  t.equal(limits({ ...history, maxEvents: 500.5 }).max_bytes, 1_075_075)
  t.equal(limits({ ...history, maxEvents: 1e6 }).max_bytes, 1_150_000)
})

t.test('some events are kept for those who lose the connection for a moment', async t => {
  t.equal(limits({ ...history, maxEvents: 0 }).max_msgs, 256)
})

t.test('Infinity is no limit, and what a server can not represent neither', async t => {
  for (const much of [Infinity, Number.MAX_VALUE]) {
    t.strictSame(limits({ maxEvents: much, maxBytes: much, maxAgeMs: much }), { max_msgs: -1, max_bytes: -1, max_msgs_per_subject: -1, max_age: 0, duplicate_window: 120e9, num_replicas: 3 })
    t.equal(limits({ latest: true, maxKeys: much }).max_msgs, -1)
  }
})

t.test('a log of latest values has one message for each key, and the one it begins with', async t => {
  t.strictSame(limits({ latest: true, maxKeys: 10 }), { max_msgs: 11, max_bytes: -1, max_msgs_per_subject: 1, max_age: 0, duplicate_window: 120e9, num_replicas: 3 })
})

t.test('times are what a server takes: 100 ms at least, and keys not for longer than records', async t => {
  t.strictSame([limits({ ...history, maxAgeMs: 1 }).max_age, limits({ ...history, maxAgeMs: 1 }).duplicate_window], [100e6, 100e6])
  t.equal(limits({ ...history, maxAgeMs: 1_000.5 }, 2_000).duplicate_window, 1_001e6)
  t.equal(limits(history, 0).duplicate_window, 100e6)
})

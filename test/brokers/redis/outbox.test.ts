import t from 'tap'
import { Outbox, type OutboxOptions, type Outgoing } from '../../../lib/brokers/redis/outbox.js'
import { Unreachable } from '../../../lib/brokers/redis/unreachable.js'
import type { Position } from '../../../types/broker.js'
import { deferred } from '../../helpers/deferred.js'
import { note, numbered } from '../conformance/harness.js'

interface Call { readonly number: number, readonly data: string[] }

/** An outbox whose batches are stored as `store` says, in a log of offsets 1, 2, 3. */
function outbox (options: Partial<OutboxOptions> = {}) {
  const calls: Call[] = []
  let offset = 0
  const { store = async (batch: readonly Outgoing[]) => batch.map(() => ({ epoch: 'e', offset: ++offset })), ...rest } = options
  const box = new Outbox({
    channel: 'notes',
    timeoutMs: 10_000,
    maxPendingBytes: 10 * 1024 * 1024,
    ready: async () => {},
    store: async (batch, number) => {
      calls.push({ number, data: batch.map(({ record }) => record.data) })
      return await store(batch, number)
    },
    ...rest
  })
  const add = async (data: string): Promise<Position> => await box.add(note(data), undefined)
  return { box, calls, add, addAll: async (data: string[]) => await Promise.all(data.map(add)) }
}

t.test('what is published together is sent together, and what comes meanwhile is the next batch', async t => {
  const { calls, add, addAll } = outbox()
  const first = addAll(['a', 'b'])
  const later = first.then(async () => await add('c'))
  t.strictSame((await first).map(({ offset }) => offset), [1, 2])
  t.equal((await later).offset, 3)
  t.strictSame(calls, [{ number: 1, data: ['a', 'b'] }, { number: 2, data: ['c'] }])
})

t.test('a batch has 256 records, or 1 MiB, and one record however large', async t => {
  const { calls, addAll } = outbox()
  const large = 'x'.repeat(600_000)
  await addAll([...numbered(600), large, large, 'a', 'y'.repeat(2_000_000), 'b'])
  t.strictSame(calls.map(({ data }) => data.length), [256, 256, 89, 2, 1, 1])
  t.strictSame(calls.flatMap(({ data }) => data.map(text => text.length > 100 ? text.length : text)), [...numbered(600), 600_000, 600_000, 'a', 2_000_000, 'b'])
})

t.test('a batch whose answer was lost is sent again under its number', async t => {
  let tries = 0
  const { calls, addAll } = outbox({
    store: async batch => {
      if (++tries < 4) throw new Unreachable(tries > 1, undefined)
      return batch.map((_, index) => ({ epoch: 'e', offset: index + 1 }))
    }
  })
  const positions = addAll(['a', 'b'])
  await new Promise(resolve => setImmediate(resolve))
  const later = addAll(['c'])
  await Promise.all([positions, later])
  t.strictSame(calls.map(({ number, data }) => `${number}: ${data.join()}`), ['1: a,b', '1: a,b', '1: a,b', '1: a,b', '2: c'])
})

t.test('who has waited too long is told what is known, and is not sent when nothing was sent', async t => {
  const ready = deferred()
  const { calls, add } = outbox({ timeoutMs: 50, ready: async () => { await ready.promise } })
  const late = [add('a'), add('b')]
  for (const each of late) {
    await t.rejects(each, { code: 'FST_ERR_SSE_BROKER_UNAVAILABLE', message: /^the broker of the channel 'notes' did not answer for 50 ms/ })
  }
  const next = add('c')
  ready.resolve()
  await next
  t.strictSame(calls, [{ number: 2, data: ['c'] }])
})

t.test('whether a batch that is on its way is stored, nobody knows; what waits behind it is not', async t => {
  const answer = deferred()
  const { calls, add } = outbox({
    timeoutMs: 50,
    store: async () => {
      await answer.promise
      throw new Unreachable(true, undefined)
    }
  })
  const sent = add('a')
  await new Promise(resolve => setImmediate(resolve))
  const waiting = add('b')
  await t.rejects(sent, { code: 'FST_ERR_SSE_PUBLISH_UNCERTAIN' })
  await t.rejects(waiting, { code: 'FST_ERR_SSE_BROKER_UNAVAILABLE' })
  answer.resolve()
  await new Promise(resolve => setImmediate(resolve))
  t.strictSame(calls, [{ number: 1, data: ['a'] }], 'nobody waits for it any more')
})

t.test('what is refused is refused to all of its batch, and the next goes on', async t => {
  const { add, addAll } = outbox({
    store: async batch => {
      if (batch.length > 1) throw new Error('WRONGTYPE')
      return [{ epoch: 'e', offset: 1 }]
    }
  })
  for (const outcome of await Promise.allSettled(['a', 'b'].map(add))) {
    t.match(outcome, { status: 'rejected', reason: { code: 'FST_ERR_SSE_BROKER_FAILED', message: /'notes' asks of it: WRONGTYPE/, cause: { message: 'WRONGTYPE' } } })
  }
  t.equal((await addAll(['c'])).length, 1)
})

t.test('bytes that wait have a bound, and are freed however they end', async t => {
  const ready = deferred()
  const { add } = outbox({ timeoutMs: 50, maxPendingBytes: 10, ready: async () => { await ready.promise } })
  for (let round = 0; round < 2; round++) {
    const waiting = add('ä'.repeat(5))
    await t.rejects(add('x'), { code: 'FST_ERR_SSE_BROKER_OVERLOADED', message: /has more than 10 bytes/ })
    await t.rejects(waiting, { code: 'FST_ERR_SSE_BROKER_UNAVAILABLE' })
  }
  ready.resolve()
  t.equal((await add('x'.repeat(100))).offset, 1, 'one alone may be larger')
})

t.test('drain waits for all answers', async t => {
  const answer = deferred()
  const { box, add } = outbox({
    store: async batch => {
      await answer.promise
      return batch.map(() => ({ epoch: 'e', offset: 1 }))
    }
  })
  await box.drain()
  let isDrained = false
  const stored = add('a')
  const drained = box.drain().then(() => { isDrained = true })
  await new Promise(resolve => setImmediate(resolve))
  t.equal(isDrained, false)
  answer.resolve()
  await Promise.all([stored, drained])
})

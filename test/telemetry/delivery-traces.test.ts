import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { DeliveryTraces } from '../../lib/telemetry/delivery-traces.js'
import type { ChannelDeliverMessage } from '../../types/telemetry.js'
import { record } from '../brokers/records.js'

const app = {} as FastifyInstance
const NAME = 'fastify-typed-sse:channel:deliver'

/** What is told. */
function listen (t: Test): string[][] {
  const told: string[][] = []
  const listener = (message: unknown): void => { told.push((message as ChannelDeliverMessage).traces) }
  subscribe(NAME, listener)
  t.teardown(() => { unsubscribe(NAME, listener) })
  return told
}

t.test('tells of the events that were written, in their order, once', async t => {
  const told = listen(t)
  const traces = new DeliveryTraces(app, 'notes')
  for (const [offset, trace] of [[1, 'a'], [2, undefined], [3, 'b'], [4, 'c']] as const) traces.add(record(offset, { trace }), 'e')
  traces.settle(3)
  t.strictSame(told, [['a', 'b']])
  traces.settle(3)
  t.strictSame(told.length, 1, 'what has come since is not written yet')
  traces.settle(9)
  t.strictSame(told, [['a', 'b'], ['c']])
})

t.test('what came in an epoch that is over is forgotten', async t => {
  const told = listen(t)
  const traces = new DeliveryTraces(app, 'notes')
  traces.add(record(7, { trace: 'a' }), 'e')
  traces.add(record(1, { trace: 'b' }), 'f')
  traces.settle(9)
  t.strictSame(told, [['b']])
})

t.test('keeps nothing where nobody wants to know', async t => {
  const traces = new DeliveryTraces(app, 'notes')
  traces.add(record(1, { trace: 'a' }), 'e')
  const told = listen(t)
  traces.settle(1)
  t.strictSame(told, [])
})

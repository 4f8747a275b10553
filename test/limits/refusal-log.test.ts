import { mock } from 'node:test'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { RefusalLog } from '../../lib/limits/refusal-log.js'

const MESSAGE = 'too many event streams are open; more are refused'

function setting () {
  const told: unknown[] = []
  const log = { warn: (fields: object, text: string) => { told.push({ ...fields, text }) } }
  const debugged: unknown[] = []
  const request = { log: { debug: (fields: object) => { debugged.push(fields) } }, server: { log } } as unknown as FastifyRequest
  return { refusals: new RefusalLog(), request, told, debugged }
}

const warning = (refused: number, limit = 'maxStreams', of = 'server'): object => ({ limit, of, refused, text: MESSAGE })

t.beforeEach(() => { mock.timers.enable({ apis: ['setTimeout'] }) })
t.afterEach(() => { mock.timers.reset() })

t.test('the first refusal is told at once, and those of the next ten seconds together', async t => {
  const { refusals, request, told, debugged } = setting()
  for (let i = 0; i < 1_000; i++) refusals.add(request, 'server', 'maxStreams')
  t.strictSame(told, [warning(1)])
  mock.timers.tick(9_999)
  t.equal(told.length, 1)
  mock.timers.tick(1)
  t.strictSame(told, [warning(1), warning(999)])
  refusals.add(request, 'server', 'maxStreams')
  t.equal(told.length, 2)
  mock.timers.tick(10_000)
  t.strictSame(told.slice(2), [warning(1)])
  t.equal(debugged.length, 1_001, 'each by itself at the level debug')
  t.strictSame(debugged[0], { limit: 'maxStreams', of: 'server' })
  t.equal(refusals.total, 1_001)
})

t.test('after ten seconds without any, the next one is told at once again', async t => {
  const { refusals, request, told } = setting()
  refusals.add(request, 'server', 'maxStreams')
  mock.timers.tick(10_000)
  t.equal(told.length, 1)
  refusals.add(request, 'server', 'maxStreams')
  t.strictSame(told, [warning(1), warning(1)])
})

t.test('each limit is told of by itself', async t => {
  const { refusals, request, told } = setting()
  refusals.add(request, 'server', 'maxStreams')
  refusals.add(request, 'GET /', 'maxStreams')
  refusals.add(request, 'GET /', 'maxStreamsPerKey')
  refusals.add(request, 'GET /', 'maxStreamsPerKey')
  t.strictSame(told, [warning(1), warning(1, 'maxStreams', 'GET /'), warning(1, 'maxStreamsPerKey', 'GET /')])
  mock.timers.tick(10_000)
  t.strictSame(told.slice(3), [warning(1, 'maxStreamsPerKey', 'GET /')])
})

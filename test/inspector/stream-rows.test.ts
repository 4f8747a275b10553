import t from 'tap'
import { MAX_ROWS, type Order, short, streamRows } from '../../lib/inspector/stream-rows.js'
import type { ServerStream } from '../../types/channel.js'

function fake (n: number, more: object = {}): ServerStream {
  return {
    id: String(n),
    route: `GET /${n}`,
    request: { url: `/${n}?token=secret#x`, ip: '192.0.2.1', headers: { 'user-agent': 'me' } },
    openedAt: new Date(1_000 + n),
    events: n,
    bytes: 10 * n,
    queuedBytes: n === 7 ? 99 : 0,
    resumedFrom: undefined,
    gaps: 0,
    close () {},
    ...more
  } as unknown as ServerStream
}

const streams = Array.from({ length: 80 }, (_, n) => fake(n))
const rateOf = ({ id }: ServerStream): number | null => id === '9' ? 5 : id === '8' ? null : 0
const routes = (order: Order): string[] => streamRows(streams, order, { rateOf, isOpen: false }).map(({ route }) => route)

t.test('gives the first of an order, and no more than can be read', async t => {
  t.equal(routes('oldest').length, MAX_ROWS)
  t.strictSame(routes('oldest').slice(0, 2), ['GET /0', 'GET /1'])
  t.strictSame(routes('newest').slice(0, 2), ['GET /79', 'GET /78'])
  t.strictSame(routes('rate').slice(0, 2), ['GET /9', 'GET /0'])
  t.strictSame(routes('queue').slice(0, 2), ['GET /7', 'GET /0'])
})

t.test('tells of clients only where that is allowed', async t => {
  const stream = fake(1, { resumedFrom: 'a.1', gaps: 2 })
  const row = { route: 'GET /1', openedAt: 1_001, eventsPerSecond: 0, events: 1, bytes: 10, queuedBytes: 0, isResumed: true, gaps: 2 }
  t.strictSame(streamRows([stream], 'oldest', { rateOf, isOpen: false }), [row])
  t.strictSame(streamRows([stream], 'oldest', { rateOf, isOpen: true }), [
    { ...row, client: { id: '1', path: '/1', address: '192.0.2.1', userAgent: 'me', resumedFrom: 'a.1' } }
  ])
})

t.test('a query is not told, also where it begins with a semicolon; nor an address that is not known', async t => {
  for (const url of ['/c;token=secret', '/c?token=secret', '/c#x']) {
    const [row] = streamRows([fake(1, { request: { url, ip: undefined, headers: {} } })], 'oldest', { rateOf, isOpen: true })
    t.match(row?.client, { path: '/c', address: '' })
  }
})

t.test('of what a client may make long, it tells the beginning', async t => {
  const long = 'x'.repeat(5_000)
  const stream = fake(1, { request: { url: `/${long}`, ip: long, headers: { 'user-agent': long } }, resumedFrom: long })
  const [row] = streamRows([stream, fake(2, { request: { url: '/', ip: '::1', headers: {} } })], 'oldest', { rateOf, isOpen: true })
  for (const text of [row?.client?.path, row?.client?.address, row?.client?.userAgent, row?.client?.resumedFrom]) t.equal(text?.length, 201)
  t.equal(short('abc', 3), 'abc')
  t.equal(short('abcd', 3), 'abc…')
})

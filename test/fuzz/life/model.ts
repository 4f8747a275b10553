import { AssertionError } from 'node:assert/strict'
import type { Limits } from '../../../lib/limits/limits.js'
import type { CloseReason } from '../../../types/sink.js'
import type { Played } from './play.js'
import { MAX_AGE_MS, OPTIONS } from './server.js'
import type { Visit } from './visit.js'

/** What holds of every visit, whatever the schedule was. @returns What is wrong, if anything. */
type Rule<Of> = [holds: string, check: (of: Of, played: Played) => unknown]

const ofVisits: Array<Rule<Visit>> = [
  ['a handler is called once at most', ({ handled }) => handled > 1],
  ['a stream begins once at most', ({ opens }) => opens > 1],
  ['each stream that began has exactly one close record, and whatever has none did not begin', ({ opens, records }) => records.length > 1 || records.length < opens],
  ['a stream of which something has come is told to have begun', ({ opens, seen, records }) => seen.length > 0 && records.length > 0 && opens === 0],
  ['the log, onClose, the diagnostics channel and reply.sse.closed tell the same', ({ records: [record], logged, closed }) => record !== undefined && (logged.length !== 1 || logged[0] !== record || JSON.stringify(closed) !== JSON.stringify(record))],
  ['a source that has started is a stream with a record', ({ carrying, records }) => carrying.isStarted && records.length !== 1],
  ['its signal has aborted, once', visit => visit.signal !== undefined && visit.records.length > 0 && visit.aborts !== 1],
  ['a source that goes on is stopped exactly once', stopsWrong],
  ['every send() and sendAll() has settled', ({ sent, sentAll }) => [...sent, ...sentAll].some(({ outcome }) => outcome === 'pending')],
  ['the reason is one that something has given cause for', reasonWrong],
  ['what the client has got is the beginning of what was accepted of each source, in order, without a hole and not twice', orderWrong],
  ['what the client has got is not torn but at a cut', ({ reply, rest, seen }) => reply?.isWhole === true && seen.length > 0 && rest !== ''],
  ['a stream that was cut does not look complete', looksComplete],
  ['of a stream that ended well, the client has all that was accepted', missing],
  ['the record counts the events and the bytes that were written', countsWrong],
  ['nothing comes after a final event', ({ events, asked, reply }) => {
    const place = asked.kind === 'final' || asked.kind === 'push' ? events.findIndex(({ isFinal }) => isFinal) : -1
    return place !== -1 && (place < events.length - 1 || (asked.method === 'GET' && events[place]?.id !== 'stream-end'))
  }],
  ['an event has its payload whole', ({ events }) => events.some(({ size }) => size !== 0 && size !== 9_000 && size !== 70_000)],
  ['of a channel, each event follows what was told before, or a gap was told', followsWrong]
]

const ofServers: Array<Rule<Played>> = [
  ['nothing that was accepted is held back from a client that reads', ({ settled }) => settled.find(({ visit: { asked }, taken, got }) => asked.kind !== 'channel' && got < taken)],
  ['nor what was published', ({ settled, server: { epoch, published } }) => settled.find(({ visit: { asked }, lastEventId }) => asked.kind === 'channel' && lastEventId !== `${epoch}.${published}`)],
  ['a stream ends when its sources have, and its client reads', ({ stuck }) => stuck[0]],
  ['a server that closes keeps no stream of a client that reads', ({ wasClosed, settled }) => wasClosed && settled[0]],
  ['app.close() and app.sse.drain() come to an end', ({ hasClosed }) => !hasClosed],
  ['no stream is left', ({ server: { streams } }) => streams.size > 0 || streams.unfinished > 0],
  ['the counts of all limits are zero again', ({ server: { limits } }: { server: { limits: Limits } }) => limits.open !== 0 || limits.keys !== 0],
  ['no timer is left', ({ clock }) => clock.pending > 0 && `${clock.pending} are`],
  ['no subscriber is left', ({ server: { channel } }) => channel.subscriberCount() > 0],
  ['metrics add up', metricsWrong],
  ['no error is logged but those of the schedule', ({ server: { lines } }) => lines.find(({ err }) => err !== undefined && !/^FST_ERR_SSE_|^ECONNRESET$/.test(String(err.code)) && err.message !== 'broken by the schedule')]
]

/** @throws AssertionError that says which rule was broken. */
export function check (played: Played): void {
  for (const visit of played.visits) {
    for (const [holds, isWrong] of ofVisits) fail(holds, isWrong(visit, played), visit)
  }
  for (const [holds, isWrong] of ofServers) fail(holds, isWrong(played, played), undefined)
}

function fail (holds: string, wrong: unknown, visit: Visit | undefined): void {
  if (wrong === undefined || wrong === false) return
  throw new AssertionError({ message: `not so: ${holds}${wrong === true ? '' : ` (${JSON.stringify(wrong, summary)?.slice(0, 500)})`}${visit === undefined ? '' : `\n${JSON.stringify(visit, summary)}`}` })
}

/** What of a visit is worth a line. */
function summary (key: string, value: unknown): unknown {
  if (key === 'seen' && Array.isArray(value)) return value.map(seen => JSON.stringify(seen).slice(0, 80))
  if (key === 'reply' && value !== undefined) return (value as { status: number, isWhole: boolean }).status + ((value as { isWhole: boolean }).isWhole ? ' whole' : ' cut')
  return key === 'signal' || key === 'rest' ? undefined : value
}

function stopsWrong ({ sources, asked, records }: Visit): boolean {
  return sources.some(({ isStarted, isOver, isFreed, stops, lateStops }, i) => {
    if (stops + lateStops > 1) return true
    const canStop = asked.temper.kind === 'generator' ? !isFreed : asked.temper.onReturn !== 'missing' || i > 0
    return isStarted && !isOver && canStop && records.length > 0 && stops !== 1
  })
}

function reasonWrong (visit: Visit, { cables, wasClosed, wasDrained, waitedMs }: Played): string | false {
  const { asked: { line, kind }, records: [record], mayComplete, mayFail, isPushed } = visit
  const cable = cables[line]
  if (record === undefined || cable === undefined) return false
  const causes: Record<CloseReason, boolean> = {
    complete: mayComplete,
    client: cable.destroyed,
    shutdown: wasClosed || wasDrained,
    'max-age': kind === 'aged' && waitedMs >= 0.9 * MAX_AGE_MS,
    slow: isPushed || kind === 'channel',
    overloaded: false,
    expired: false,
    stalled: (cable.wasStalled || visit.isBehind) && waitedMs >= OPTIONS.stallTimeoutMs,
    error: mayFail || ((kind === 'final' || kind === 'push') && mayComplete)
  }
  return causes[record.reason] ? false : record.reason
}

function orderWrong ({ events, given, asked }: Visit): unknown {
  if (asked.kind === 'channel') return false
  return given.map((numbers, source) => {
    const got = events.filter(event => event.source === source).map(({ n }) => n)
    return got.every((n, i) => n === numbers[i]) ? undefined : { source, got, given: numbers }
  }).find(wrong => wrong !== undefined)
}

function looksComplete ({ reply, records: [record], asked, opens, mayComplete }: Visit): boolean {
  if (reply?.isWhole !== true || opens === 0 || record === undefined) return false
  if (record.reason === 'error') return asked.kind !== 'told'
  return ['slow', 'stalled'].includes(record.reason) || (record.reason === 'client' && !mayComplete)
}

function missing ({ reply, records: [record], events, taken, asked }: Visit): boolean {
  if (reply?.isWhole !== true || record === undefined || asked.kind === 'channel') return false
  if (events.length !== record.events) return true
  return record.reason === 'complete' && events.length < taken
}

function countsWrong ({ records: [record], given, events, reply, opens, asked, sent }: Visit): unknown {
  if (record === undefined) return false
  const told = asked.kind === 'told' ? 1 : 0
  if (asked.kind !== 'channel' && record.events > given.flat().length + told) return { events: record.events, given }
  if (record.events < Math.max(events.length, sent.filter(({ outcome, n }) => outcome === 'room' && n !== undefined).length)) return { events: record.events, sent }
  if (opens === 0 || reply === undefined) return false
  return reply.body.length > record.bytes || (reply.isWhole && reply.body.length !== record.bytes) ? { bytes: record.bytes, got: reply.body.length } : false
}

function followsWrong ({ seen, asked, resumedFrom, publishedBefore }: Visit, { server: { epoch, published } }: Played): unknown {
  if (asked.kind !== 'channel') return false
  const offsetOf = (id: string | undefined): number | undefined => id?.startsWith(`${epoch}.`) === true ? Number(id.slice(epoch.length + 1)) : undefined
  let told = offsetOf(resumedFrom)
  if (told === undefined && resumedFrom !== undefined && !seen.some(each => 'event' in each && each.event === 'stream-gap') && seen.some(each => 'event' in each)) return 'no gap'
  for (const each of seen) {
    if (!('event' in each)) continue
    const offset = offsetOf(each.id)
    if (offset === undefined || offset > published) return each
    if (each.event === 'stream-gap' || each.event === 'stream-position') {
      if (told !== undefined && offset < told) return each
    } else {
      const { n } = JSON.parse(each.data) as { n: number }
      if (n !== offset || (told === undefined ? offset <= publishedBefore : offset !== told + 1)) return { each, told }
    }
    told = offset
  }
  return false
}

function metricsWrong ({ server: { app, counted } }: Played): unknown {
  const { routes } = app.sse.metrics()
  const sum = (of: (route: typeof routes[number]) => number): number => routes.reduce((total, route) => total + of(route), 0)
  const closed = (route: typeof routes[number]): number => Object.values(route.closed).reduce((total, count) => total + count, 0)
  const told = { open: sum(({ open }) => open), opened: sum(({ opened }) => opened), closed: sum(closed), unopened: sum(({ unopened }) => unopened), events: sum(({ events }) => events), bytes: sum(({ bytes }) => bytes), queued: sum(({ queuedBytes }) => queuedBytes) }
  const { opened, unopened, events, bytes } = counted
  const expected = { open: 0, opened, closed: opened, unopened, events, bytes, queued: 0 }
  return JSON.stringify(told) === JSON.stringify(expected) ? false : { told, expected }
}

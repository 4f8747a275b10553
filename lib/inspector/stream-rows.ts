import type { ServerStream } from '../../types/channel.js'
import type { StreamRow } from './events.js'

/** What the rows may be sorted by. */
export const ORDERS = ['oldest', 'newest', 'rate', 'queue'] as const

export type Order = typeof ORDERS[number]

/** Of all streams, as many are told of as a reader can look at. */
export const MAX_ROWS = 50

/** How much is told of what clients send, in UTF-16 code units. */
const MAX_TEXT = 200

/** What is known of a stream beside what it tells itself. */
export interface Known {
  readonly rateOf: (stream: ServerStream) => number | null
  /** Whether its client may be told of. */
  readonly isOpen: boolean
}

/** The first rows in an order. */
export function streamRows (streams: readonly ServerStream[], order: Order, known: Known): StreamRow[] {
  return first(streams, scoreBy(order, known)).map(stream => rowOf(stream, known))
}

function scoreBy (order: Order, { rateOf }: Known): (stream: ServerStream) => number {
  switch (order) {
    case 'oldest': return ({ openedAt }) => -openedAt.getTime()
    case 'newest': return ({ openedAt }) => openedAt.getTime()
    case 'rate': return stream => rateOf(stream) ?? 0
    case 'queue': return ({ queuedBytes }) => queuedBytes
  }
}

/** Those with the highest scores. Each is scored once: its queue is not the same twice. */
function first (streams: readonly ServerStream[], scoreOf: (stream: ServerStream) => number): ServerStream[] {
  const scored = streams.map(stream => ({ stream, score: scoreOf(stream) }))
  return scored.sort((a, b) => b.score - a.score).slice(0, MAX_ROWS).map(({ stream }) => stream)
}

function rowOf (stream: ServerStream, { rateOf, isOpen }: Known): StreamRow {
  const { route, openedAt, events, bytes, queuedBytes, resumedFrom, gaps } = stream
  return {
    route,
    openedAt: openedAt.getTime(),
    eventsPerSecond: rateOf(stream),
    events,
    bytes,
    queuedBytes,
    isResumed: resumedFrom !== undefined,
    gaps,
    ...(isOpen && { client: clientOf(stream) })
  }
}

function clientOf ({ id, request, resumedFrom }: ServerStream): NonNullable<StreamRow['client']> {
  return {
    id,
    path: short(request.url.replace(/[?#;].*/s, '')), // with `useSemicolonDelimiter` that begins a query, too
    address: short((request.ip as string | undefined) ?? ''), // there is none on a unix socket, nor when the client has gone
    userAgent: short(request.headers['user-agent'] ?? ''),
    ...(resumedFrom !== undefined && { resumedFrom: short(resumedFrom) })
  }
}

/** The beginning of a text that a client may have made as long as it likes. */
export function short (text: string, maxLength = MAX_TEXT): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`
}

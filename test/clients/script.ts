import { setTimeout as wait } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { eventStream, raw, type StreamEvent } from '../../lib/index.js'

/** Events that clients have been seen to get wrong, by all that a stream may hold. */
const tricky = eventStream({
  message: Type.Unknown(),
  tick: Type.Unknown(),
  'größe 🚀': Type.Unknown(),
  'with:colon': Type.Unknown(),
  ' leads with a space': Type.Unknown(),
  text: Type.String({ contentMediaType: 'text/plain' }),
  nothing: Type.Null(),
  done: Type.Null()
}, { final: ['done'] })

type TrickyEvent = StreamEvent<typeof tricky.schemas>

/** What a handler yields, and what a client makes of it: nothing, of a comment or a heartbeat. */
interface Step {
  /** Not given: the handler waits until a heartbeat is sent. */
  readonly yields?: TrickyEvent
  readonly event?: string
  readonly data?: string
  /** The id that the event has of its own. */
  readonly id?: string
}

const WIDE = '\u2028\u2029\u0085 \u{1D11E} \uFEFF nul \0, half a pair \ud834'
const MIB = 1024 * 1024
const BIG = 'ü€'.repeat(MIB / 4)
const MANY_LINES = Array.from({ length: 10_000 }, (_, n) => `line ${n}`).join('\n')

const script: readonly Step[] = [
  // Ids: absent, 0, empty, with spaces, beyond ASCII, kept by what follows.
  json('message', { first: true }),
  json('tick', 0, { id: 0 }),
  json('tick', false),
  json('tick', '', { id: '' }),
  json('tick', [], { id: ' leads with a space' }),
  json('tick', {}, { id: 'größe:🚀' }),
  {},
  json('tick', null),
  json('tick', 'back to ASCII', { id: 'a,b; c="d"' }),
  // Names.
  json('größe 🚀', 1),
  json('with:colon', 2),
  json(' leads with a space', 3),
  // The time to reconnect, with an event and in between.
  json('tick', 4, { retry: 40 }),
  { yields: { comment: '' } },
  { yields: { comment: 'retry: 1\ndata: not data\r\n\r\nevent: not an event\rid: not an id' } },
  {},
  // JSON.
  json('tick', WIDE),
  json('tick', 'CR \r LF \n CRLF \r\n end'),
  json('tick', BIG, { id: 'big' }),
  json('tick', { data: ': not a comment\n\nevent: not an event' }),
  // Raw text: line breaks of all kinds, spaces, what looks like fields.
  text('one line'),
  text(''),
  text(' a leading space, and a trailing one '),
  text('LF\nCR\rCRLF\r\nend', 'LF\nCR\nCRLF\nend'),
  text('two blank lines\n\n\nand one at the end\n'),
  text('\n'),
  text(': not a comment\nevent: not an event\nid: not an id\nretry: 1\n data: with a space'),
  text('\u2028\u2029\u0085 \u{1D11E} größe \uFEFF nul \0'),
  text(MANY_LINES),
  {},
  // Without payload, and literal.
  { yields: tricky.event.nothing(undefined, { id: 'nothing' }), event: 'nothing', data: 'null', id: 'nothing' },
  { yields: { event: 'nothing' }, event: 'nothing', data: 'null' },
  { yields: raw('[DONE]'), event: 'message', data: '[DONE]' },
  { yields: raw(''), event: 'message', data: '' },
  { yields: raw('{"looks":\n"like JSON"}'), event: 'message', data: '{"looks":\n"like JSON"}' },
  {},
  { yields: tricky.event.done(), event: 'done', data: 'null', id: 'stream-end' }
]

export const names = Object.keys(tricky.schemas)

/** What a client should make of the script. */
export interface Expected {
  readonly event: string
  readonly data: string
  /** The id of the event itself. */
  readonly ownId: string | undefined
  /** The last id so far, as the standard defines the last event ID of an event. */
  readonly lastEventId: string
}

export function expectedEvents (): Expected[] {
  let lastEventId = ''
  return script.flatMap(({ event, data, id }) => {
    lastEventId = id ?? lastEventId
    return event === undefined || data === undefined ? [] : [{ event, data, ownId: id, lastEventId }]
  })
}

/** Serves the script, with heartbeats in between. */
export function serveScript (app: FastifyInstance): void {
  app.get('/script', { schema: { response: { 200: tricky } }, sse: { heartbeatMs: 20, retryMs: 30 } }, async function * (request, reply) {
    const { socket } = request.raw
    for (const { yields } of script) {
      if (yields !== undefined) yield yields
      else await heartbeat(socket, reply.sse.signal)
    }
  })
}

/** Resolves when something was written that this handler has not yielded. */
async function heartbeat (socket: { readonly bytesWritten: number }, signal: AbortSignal): Promise<void> {
  await wait(0) // what was yielded leaves at the end of its tick
  const before = socket.bytesWritten
  while (socket.bytesWritten === before && !signal.aborted) await wait(2)
}

function json (event: 'message' | 'tick' | 'größe 🚀' | 'with:colon' | ' leads with a space', data: unknown, fields: { id?: string | number, retry?: number } = {}): Step {
  return {
    yields: { event, data, ...fields },
    event,
    data: JSON.stringify(data),
    ...(fields.id !== undefined && { id: String(fields.id) })
  }
}

function text (data: string, received = data): Step {
  return { yields: { event: 'text', data }, event: 'text', data: received }
}

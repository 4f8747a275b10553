import { Type } from '@sinclair/typebox'
import t from 'tap'
import { MessageFactory } from '../../lib/channel/message-factory.js'
import { carriedFrame } from '../../lib/schema/carried-frame.js'
import { compileStream } from '../../lib/schema/codec.js'
import { payloadCompiler } from '../../lib/schema/compile.js'
import { eventStream } from '../../lib/schema/event-stream.js'
import type { EventStream } from '../../types/event.js'
import { record } from '../brokers/records.js'
import { memoLogger } from './fixtures.js'

const notes = eventStream({ note: Type.Number() }) as unknown as EventStream

function factory () {
  const { log, lines } = memoLogger()
  let compiled = 0
  const compile = () => {
    compiled++
    return compileStream(notes, payloadCompiler({ sharedSchemas: {}, validate: true }), 'channel')
  }
  return { messages: new MessageFactory(notes, compile, log), lines, compiled: () => compiled }
}

t.test('schemas are compiled once, when they are needed', async t => {
  const { messages, compiled } = factory()
  t.equal(compiled(), 0)
  t.strictSame(messages.encode({ event: 'note', data: 7 }), { event: 'note', data: '7', retry: undefined })
  t.equal(messages.compile(), messages.compile())
  t.equal(compiled(), 1)
  t.throws(() => messages.encode({ event: 'note', data: 'x' }), { code: 'FST_ERR_SSE_INVALID_EVENT' })
})

t.test('a record has one message in this process, however many read it', async t => {
  const { messages } = factory()
  const stored = record(7)
  const message = messages.of(stored, 'e')
  t.equal(messages.of(stored, 'e'), message)
  t.equal(message.id, 'e.7')
  t.equal(message.frame('e.7'), 'id: e.7\nevent: note\ndata: 7\n\n')
  t.strictSame(message.withId('e.7'), { event: 'note', data: 7, id: 'e.7' })
})

t.test('what another app has left at a record is not taken for its own', async t => {
  const [first, second] = [factory().messages, factory().messages]
  const stored = record(7)
  const foreign = first.of(stored, 'e')
  const message = second.of(stored, 'e')
  t.not(message, foreign)
  t.equal(message.codec, second)
  for (const cache of [null, {}, 'text', undefined]) t.equal(first.of({ ...stored, cache }, 'e').codec, first)
})

t.test('an event of a snapshot is checked, and has no place', async t => {
  const { messages } = factory()
  const { id, offset, record } = messages.ofSnapshot({ event: 'note', data: 7, retry: 5 })
  t.strictSame([id, offset, record.data, record.retry], [undefined, undefined, '7', 5])
  t.throws(() => messages.ofSnapshot({ event: 'other', data: 7 }), { code: 'FST_ERR_SSE_UNKNOWN_EVENT' })
})

t.test('what can not be decoded is logged once for each name, and gives nothing', async t => {
  const { messages, lines } = factory()
  for (const offset of [1, 2]) {
    t.equal(messages.of(record(offset, { data: '"x"' }), 'e').withId('e'), undefined)
    t.equal(messages.of(record(offset, { event: 'other' }), 'e').withId('e'), undefined)
  }
  t.strictSame(lines.map(({ level, fields }) => [level, fields['event'], (fields['err'] as { code: string }).code]), [
    ['warn', 'note', 'FST_ERR_SSE_INVALID_EVENT'],
    ['warn', 'other', 'FST_ERR_SSE_INVALID_EVENT']
  ])
  t.equal(lines[0]?.text, 'an event of a channel can\'t be decoded, so filters and loops pass it over; another version of this app may have published it')
})

t.test('an event carries the schema by which it was checked, if it was', async t => {
  const { messages } = factory()
  t.equal(carriedFrame(messages.of(record(7), 'e').withId('e.7') as object)?.schema, notes.schemas['note'])
  for (const name of ['other', 'constructor', '__proto__']) t.equal(messages.schemaOf(name), undefined)
})

t.test('what can not be written is logged once for each name, and a comment takes its place', async t => {
  const { messages, lines } = factory()
  const stored = { ...record(7), event: 'no\nname' }
  const message = messages.of(stored, 'e')
  t.equal(message.frame('e.7'), 'id: e.7\n:\n\n')
  t.equal(messages.of({ ...stored, offset: 8 }, 'e').frame(undefined), ':\n\n')
  t.strictSame(lines.map(({ level, fields }) => [level, fields['event'], (fields['err'] as { code: string }).code]), [['warn', 'no\nname', 'FST_ERR_SSE_FIELD_INVALID']])
  t.equal(lines[0]?.text, 'an event of a channel can\'t be written, so a comment takes its place; another version of this app may have published it')
})

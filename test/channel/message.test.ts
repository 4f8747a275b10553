import t from 'tap'
import { carriedFrame } from '../../lib/schema/carried-frame.js'
import { Message } from '../../lib/channel/message.js'
import { record } from '../brokers/records.js'
import { codec, message, part, SCHEMA } from './fixtures.js'

t.test('a message knows its place, its name, its key and about its size', async t => {
  const { id, offset, name, key, size } = message(7, { key: 'k', data: '12345' })
  t.strictSame({ id, offset, name, key, size }, { id: 'e.7', offset: 7, name: 'note', key: 'k', size: 53 })
})

t.test('without a key, nothing replaces it', async t => {
  const own = message(7)
  t.equal(own.key, own)
})

t.test('a part of a snapshot has no place', async t => {
  const { id, offset } = part(7)
  t.strictSame([id, offset], [undefined, undefined])
})

t.test('its frame is made once, whatever the id', async t => {
  let made = 0
  const counted = new Message(record(7), { ...codec, frameOf: record => `${++made}${codec.frameOf(record)}` }, 'e')
  t.equal(counted.frame('e.7'), 'id: e.7\n1event: note\ndata: 7\n\n')
  t.equal(counted.frame('x'), 'id: x\n1event: note\ndata: 7\n\n')
  t.equal(counted.frame(undefined), '1event: note\ndata: 7\n\n')
})

t.test('its bytes are shared by all who are told the same id', async t => {
  const shared = message(7)
  const frames = shared.frames('e.7')
  t.equal(frames.bytes.toString(), 'id: e.7\nevent: note\ndata: 7\n\n')
  t.equal(frames.events, 1)
  t.equal(shared.frames('e.7'), frames)
  t.equal(shared.frames(undefined).bytes.toString(), 'event: note\ndata: 7\n\n')
  t.equal(shared.frames('x').bytes.toString(), 'id: x\nevent: note\ndata: 7\n\n')
  t.equal(shared.frames('x'), shared.frames('x'))
})

t.test('its event is decoded once, frozen, and carries its frame', async t => {
  let decoded = 0
  const counted = new Message(record(7, { retry: 5 }), { ...codec, decode: ({ event, data, retry = 0 }) => ({ event, data: [++decoded, data], retry }) }, 'e')
  const event = counted.withId('e.7')
  t.strictSame(event, { event: 'note', data: [1, '7'], retry: 5, id: 'e.7' })
  t.ok(Object.isFrozen(event))
  t.equal(counted.withId('e.7'), event, 'shared')
  t.strictSame(counted.withId('x'), { event: 'note', data: [1, '7'], retry: 5, id: 'x' })
  t.strictSame(counted.withId(undefined), { event: 'note', data: [1, '7'], retry: 5 })
  t.ok(Object.isFrozen(counted.withId('x')))
  t.equal(decoded, 1)
  t.strictSame(event, { event: 'note', data: [1, '7'], retry: 5, id: 'e.7' }, 'it was not changed by the others')
  const carried = carriedFrame(event as object)
  t.equal(carried?.schema, SCHEMA)
  t.equal(carried?.frame('y'), 'id: y\nevent: note\ndata: 7\n\n')
  t.equal(carriedFrame(counted.withId('x') as object)?.frame('x'), 'id: x\nevent: note\ndata: 7\n\n')
})

t.test('the event of a part of a snapshot has the id that it is given, or none', async t => {
  t.strictSame(part(7).withId(undefined), { event: 'note', data: 7 })
  t.strictSame(part(7).withId('x'), { event: 'note', data: 7, id: 'x' })
})

t.test('what can not be decoded gives no event, but a frame', async t => {
  const unreadable = message(7, { data: 'unreadable' })
  t.equal(unreadable.withId('e.7'), undefined)
  t.equal(unreadable.withId('x'), undefined)
  t.equal(unreadable.frame('e.7'), 'id: e.7\nevent: note\ndata: unreadable\n\n')
})

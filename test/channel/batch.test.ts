import t from 'tap'
import { Batch } from '../../lib/channel/batch.js'
import { message, part } from './fixtures.js'

t.test('says where it begins and ends', async t => {
  t.strictSame([new Batch([message(3), message(5), message(9)])].map(({ begin, end }) => [begin, end]), [[3, 9]])
  t.strictSame([new Batch([]), new Batch([part(1)])].map(({ begin, end }) => [begin, end]), [[0, 0], [0, 0]])
})

t.test('its messages are joined once, each with its id', async t => {
  const batch = new Batch([message(3), message(5)])
  t.equal(batch.frames.bytes.toString(), 'id: e.3\nevent: note\ndata: 3\n\nid: e.5\nevent: note\ndata: 5\n\n')
  t.equal(batch.frames.events, 2)
  t.equal(batch.frames, batch.frames)
})

t.test('the frames of a single message are its own', async t => {
  const only = message(3)
  t.equal(new Batch([only]).frames, only.frames('e.3'))
})

t.test('what is part of a snapshot has no id', async t => {
  t.equal(new Batch([part(1), part(2)]).frames.bytes.toString(), 'event: note\ndata: 1\n\nevent: note\ndata: 2\n\n')
})

t.test('knows the very messages that it holds', async t => {
  const [a, b] = [message(1), message(2)]
  const batch = new Batch([a, b])
  t.equal(batch.holds([a, b]), true)
  for (const others of [[], [a], [b, a], [a, b, a], [a, message(2)]]) t.equal(batch.holds(others), false)
})

t.test('they can be joined with other ids', async t => {
  const batch = new Batch([message(3), message(5)])
  t.equal(batch.framesWith(({ id }) => `${id}!`).bytes.toString(), 'id: e.3!\nevent: note\ndata: 3\n\nid: e.5!\nevent: note\ndata: 5\n\n')
  t.equal(batch.last, batch.messages[1])
})

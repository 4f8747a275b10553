import { createSecretKey, type KeyObject } from 'node:crypto'
import t from 'tap'
import { Batch } from '../../lib/channel/batch.js'
import { SignedIds } from '../../lib/channel/signed-ids.js'
import { at, message, part } from './fixtures.js'

const secrets = (...texts: string[]) => texts.map(text => createSecretKey(Buffer.from(text.padEnd(32, '.')))) as [KeyObject, ...KeyObject[]]
const signed = (channel = 'notes', ...texts: string[]): SignedIds => new SignedIds({ channel, secrets: secrets('one', ...texts) })

t.test('an id says its place, and proves that it was given', async t => {
  const ids = signed().in('Ann')
  const id = ids.of(message(7)) ?? ''
  t.match(id, /^e\.7\.[\w-]{22}$/)
  t.equal(ids.format(at(7)), id)
  t.equal(ids.of(part(7)), undefined, 'a part of a snapshot has no place')
  t.equal(signed().in('Ann').of(message(7)), id, 'the same on every instance')
  t.equal(ids.maxLength, 72)
  t.equal(ids.format(at(Number.MAX_SAFE_INTEGER, 'e'.repeat(32))).length, 72)
})

t.test('it is read in its own scope, and by its own channel, wherever it stands', async t => {
  const ids = signed().in('Ann')
  const id = ids.format(at(7))
  const found = { position: at(7), isOwn: true }
  for (const given of [id, `f.1~${id}`, `e.1~${id}`, `${id}~e.1`, `${signed().in('Bob').format(at(1))}~${id}`]) t.strictSame(ids.read(given, 'e'), found, given)
  t.strictSame(ids.read(ids.format(at(7, 'e_1')), 'e_2'), { position: at(7, 'e_1'), isOwn: true })
})

t.test('whatever was not given in this scope says nothing', async t => {
  const ids = signed().in('Ann')
  const id = ids.format(at(7))
  const [, signature = ''] = /^e\.7\.(.*)$/.exec(id) ?? []
  for (const forged of [
    '', 'e.7', 'e.7.', `e.8.${signature}`, `f.7.${signature}`, `e.07.${signature}`, `e.7.${signature}.`, `e.7.${signature}.1`, `e.7.${signature} `, `E.7.${signature}`,
    `e.7.${signature.slice(1)}`, `e.7.${'A'.repeat(22)}`, `.7.${signature}`, `e..${signature}`, 'stream-end', '~', `__proto__.1.${signature}`,
    signed().in('Bob').format(at(7)), signed('others').in('Ann').format(at(7)), new SignedIds({ channel: 'notes', secrets: secrets('two') }).in('Ann').format(at(7))
  ]) {
    t.strictSame(ids.read(forged, 'e'), { position: undefined, isOwn: false }, forged)
  }
})

t.test('an id of another life of the log says no place, but was given', async t => {
  const ids = signed().in('Ann')
  t.strictSame(ids.read(ids.format(at(7, 'f')), 'e'), { position: undefined, isOwn: true })
})

t.test('an id by a secret before is read, as long as that is known', async t => {
  const id = signed().in('Ann').format(at(7))
  const rotated = new SignedIds({ channel: 'notes', secrets: secrets('two', 'one') }).in('Ann')
  t.strictSame(rotated.read(id, 'e'), { position: at(7), isOwn: true })
  t.not(rotated.format(at(7)), id, 'and new ones are signed by the new secret')
})

t.test('all of one scope share the frames of a batch', async t => {
  const channel = signed()
  const [ann, other, bob] = [channel.in('Ann').hold(), channel.in('Ann').hold(), channel.in('Bob').hold()]
  const batch = new Batch([message(1), message(2)])
  const text = batch.messages.map(message => `id: ${ann.of(message)}\nevent: note\ndata: ${message.offset}\n\n`).join('')
  t.equal(ann.framesOf(batch).bytes.toString(), text)
  t.equal(ann.framesOf(batch).events, 2)
  const frames = bob.framesOf(batch)
  t.not(frames, ann.framesOf(batch))
  t.equal(other.framesOf(batch), ann.framesOf(batch), 'though others were served in between')
  t.equal(bob.framesOf(batch), frames)
  t.not(ann.framesOf(new Batch([message(3)])), ann.framesOf(batch))
})

t.test('what is remembered of one scope is not told to another', async t => {
  const channel = signed()
  const [ann, bob] = [channel.in('Ann').hold(), channel.in('Bob').hold()]
  for (const position of [at(7), at(8)]) {
    const [own, other] = [ann.format(position), bob.format(position)]
    t.strictSame([ann.read(own, 'e').isOwn, bob.read(own, 'e').isOwn, ann.read(other, 'e').isOwn, bob.read(other, 'e').isOwn], [true, false, false, true])
  }
})

t.test('a scope is known as long as somebody uses it', async t => {
  const channel = signed()
  const [first, second] = [channel.in('Ann'), channel.in('Ann')]
  t.equal(channel.size, 0)
  t.equal(first.hold(), first)
  t.equal(second.hold(), first, 'whoever has asked before it was used gets the same')
  t.equal(channel.in('Ann'), first)
  t.equal(channel.size, 1)
  first.release()
  t.equal(channel.size, 1)
  first.release()
  t.equal(channel.size, 0)
  t.equal(second.hold(), second)
  t.equal(channel.size, 1)
})

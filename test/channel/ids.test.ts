import t from 'tap'
import { Batch } from '../../lib/channel/batch.js'
import { plainIds } from '../../lib/channel/ids.js'
import { at, message, part } from './fixtures.js'

t.test('plain ids are those of the messages, the same for everybody', async t => {
  t.equal(plainIds.of(message(7)), 'e.7')
  t.equal(plainIds.of(part(7)), undefined)
  t.equal(plainIds.format(at(7)), 'e.7')
  const batch = new Batch([message(7), message(8)])
  t.equal(plainIds.framesOf(batch), batch.frames)
  t.equal(plainIds.hold(), plainIds)
  plainIds.release()
  t.equal(plainIds.maxLength, 49)
})

t.test('whatever a plain id says, everybody may say it', async t => {
  t.strictSame(plainIds.read('f.1~e.7', 'e'), { position: at(7), isOwn: true })
  t.strictSame(plainIds.read('f.1', 'e'), { position: undefined, isOwn: true })
})

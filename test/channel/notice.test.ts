import t from 'tap'
import { Notice } from '../../lib/channel/notice.js'
import { carriedFrame } from '../../lib/schema/carried-frame.js'

const GAP_FRAME = 'event: stream-gap\nid: e.9\ndata: {"requested":"e.1","earliest":"e.3"}\n\n'

t.test('a notice is an event of the plugin itself, which no schema declares', async t => {
  const gap = new Notice('stream-gap', { requested: 'e.1', earliest: 'e.3' })
  t.equal(gap.name, 'stream-gap')
  t.equal(gap.frame('e.9'), GAP_FRAME)
  const event = gap.withId('e.9')
  t.strictSame(event, { event: 'stream-gap', data: { requested: 'e.1', earliest: 'e.3' }, id: 'e.9' })
  t.ok(Object.isFrozen(event) && Object.isFrozen(event.data))
  t.strictSame([carriedFrame(event)?.schema, carriedFrame(event)?.frame('e.9')], [undefined, GAP_FRAME])
})

t.test('its frames count for no event', async t => {
  const { bytes, events } = new Notice('stream-position', null).frames('e.9')
  t.equal(bytes.toString(), 'event: stream-position\nid: e.9\ndata: null\n\n')
  t.equal(events, 0)
})

t.test('it may have no id', async t => {
  const notice = new Notice('stream-position', null)
  t.equal(notice.frame(undefined), 'event: stream-position\ndata: null\n\n')
  t.strictSame(notice.withId(undefined), { event: 'stream-position', data: null })
})

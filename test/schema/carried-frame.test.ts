import t from 'tap'
import { carriedFrame, carryFrame } from '../../lib/schema/carried-frame.js'

t.test('an event carries its frame, where neither a copy nor JSON takes it along', async t => {
  const event = { event: 'note', data: 1 }
  const frame = { schema: {}, frame: (id: string | undefined) => `id: ${id}\n` }
  t.equal(carryFrame(event, frame), event)
  t.equal(carriedFrame(event), frame)
  t.equal(carriedFrame({ ...event }), undefined)
  t.equal(carriedFrame(JSON.parse(JSON.stringify(event))), undefined)
  t.strictSame(Object.keys(event), ['event', 'data'])
})

t.test('the other copy of this package finds it', async t => {
  const event = carryFrame({}, { schema: undefined, frame: () => '' })
  t.strictSame(Object.getOwnPropertySymbols(event), [Symbol.for('fastify-typed-sse.frame')])
})

t.test('an event that carries none has none', async t => {
  t.equal(carriedFrame({}), undefined)
})

import t from 'tap'
import { encodeEvents, yieldEvents } from './events.js'
import { tried } from './run.js'

t.test('whatever is given as an event is refused by an error, or is one event to a client', async t => {
  await encodeEvents(tried(t, 8_000))
})

t.test('whatever a source yields, its stream says nothing but events, and ends as it would have', async t => {
  await yieldEvents(tried(t, 1_000))
})

import t from 'tap'
import { forgeIds, readIds } from './ids.js'
import { tried } from './run.js'

t.test('whatever a client sends as its last event ID is one that an event can have had, or none', async t => {
  await readIds(tried(t, 5_000))
})

t.test('an id resumes only where it was signed for this very channel and scope', async t => {
  await forgeIds(tried(t, 5_000))
})

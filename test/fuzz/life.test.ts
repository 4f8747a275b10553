import t from 'tap'
import { playSchedules } from './life/life.js'
import { tried } from './run.js'

t.test("whatever happens to streams, in whatever order, what is said of a stream's life holds", async t => {
  await playSchedules(tried(t, 1_500))
})

import t from 'tap'
import { readByClient, readByTests } from './decoding.js'
import { tried } from './run.js'

t.test('the client reads of any bytes what the standard does, wherever they are cut, or says that it can not', async t => {
  await readByClient(tried(t, 2_000))
})

t.test('what tests read streams with does so as well', async t => {
  await readByTests(tried(t, 1_000))
})

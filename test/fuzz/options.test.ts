import t from 'tap'
import { giveOptions } from './options.js'
import { tried } from './run.js'

t.test('options of any kind are taken, or refused by an error of this plugin, and change nothing', async t => {
  await giveOptions(tried(t, 10_000))
})

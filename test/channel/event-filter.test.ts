import { AsyncLocalStorage } from 'node:async_hooks'
import t from 'tap'
import { eventFilter } from '../../lib/channel/event-filter.js'
import { message, part } from './fixtures.js'

t.test('a filter is asked with the event and its id', async t => {
  const asked: unknown[] = []
  const passes = eventFilter(event => asked.push(event))
  passes(message(7))
  passes(part(8))
  t.strictSame(asked, [{ event: 'note', data: 7, id: 'e.7' }, { event: 'note', data: 8 }])
})

t.test('what it returns need not be a boolean, but no promise', async t => {
  for (const [returned, passes] of [[true, true], [1, true], ['yes', true], [{}, true], [false, false], [0, false], ['', false], [null, false], [undefined, false]] as const) {
    t.equal(eventFilter(() => returned)(message(1)), passes)
  }
  for (const returned of [Promise.resolve(false), { then () {} }]) {
    t.throws(() => eventFilter(() => returned)(message(1)), {
      code: 'FST_ERR_SSE_SUBSCRIBE_INVALID',
      message: 'subscribe(): filter should be synchronous and return a boolean, instead got a promise'
    })
  }
})

t.test('what it throws is thrown on', async t => {
  const failure = new Error('bug')
  t.throws(() => eventFilter(() => { throw failure })(message(1)), failure)
})

t.test('what this version of the app can not decode does not pass, and nobody is asked', async t => {
  t.equal(eventFilter(() => t.fail('was asked'))(message(1, { data: 'unreadable' })), false)
})

t.test('a filter runs in the async context in which it was given, whoever publishes', async t => {
  const user = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const passes = user.run('subscriber', () => eventFilter(() => seen.push(user.getStore())))
  user.run('publisher', () => passes(message(1)))
  t.strictSame(seen, ['subscriber'])
})

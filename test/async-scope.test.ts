import { AsyncLocalStorage } from 'node:async_hooks'
import t from 'tap'
import { asyncScope } from '../lib/async-scope.js'

t.test('keeps the context in which it was made, and gives back what is run in it', async t => {
  const storage = new AsyncLocalStorage<string>()
  const scope = storage.run('mine', asyncScope)
  t.equal(storage.run('theirs', () => scope.runInAsyncScope(() => storage.getStore())), 'mine')
  t.throws(() => scope.runInAsyncScope(() => { throw new Error('thrown') }), { message: 'thrown' })
})

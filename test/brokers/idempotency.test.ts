import t from 'tap'
import { IdempotencyKeys } from '../../lib/brokers/idempotency.js'

t.test('finds the offset of a key within the window', async t => {
  const keys = new IdempotencyKeys(100)
  t.equal(keys.find('a'), undefined)
  keys.remember('a', 1, 0)
  keys.remember('b', 2, 60)
  t.equal(keys.find('a'), 1)
  t.equal(keys.find('b'), 2)
  keys.evict(99.9)
  t.equal(keys.find('a'), 1)
  keys.evict(100)
  t.equal(keys.find('a'), undefined)
  t.equal(keys.find('b'), 2)
  t.equal(keys.size, 1)
})

t.test('a key can be used again after the window, for another window', async t => {
  const keys = new IdempotencyKeys(100)
  keys.remember('a', 1, 0)
  keys.evict(100)
  keys.remember('a', 2, 100)
  keys.evict(199)
  t.equal(keys.find('a'), 2)
  keys.evict(200)
  t.equal(keys.size, 0)
})

t.test('a window of 0 remembers nothing', async t => {
  const keys = new IdempotencyKeys(0)
  keys.remember('a', 1, 0)
  t.equal(keys.find('a'), undefined)
  t.equal(keys.size, 0)
})

t.test('an empty key, and one that every object has, are keys', async t => {
  const keys = new IdempotencyKeys(Infinity)
  for (const [index, key] of ['', '__proto__', 'constructor'].entries()) {
    t.equal(keys.find(key), undefined)
    keys.remember(key, index, 0)
    t.equal(keys.find(key), index)
  }
})

t.test('remembers 100 000 keys at most, and forgets the oldest', async t => {
  const keys = new IdempotencyKeys(Infinity)
  for (let offset = 1; offset <= 100_010; offset++) keys.remember(`key ${offset}`, offset, 0)
  t.equal(keys.size, 100_000)
  t.equal(keys.find('key 10'), undefined)
  t.equal(keys.find('key 11'), 11)
  t.equal(keys.find('key 100010'), 100_010)
})

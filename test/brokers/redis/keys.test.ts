import t from 'tap'
import { LogKeys, shardOf, wakeKey } from '../../../lib/brokers/redis/keys.js'

/** What stands between the first braces decides about the slot. */
const tagOf = (key: string): string | undefined => /\{(.*?)\}/.exec(key)?.[1]

t.test('all keys of a shard have one tag, and shards have different ones', async t => {
  const [first, second, other] = [new LogKeys('sse', 0, 'a', false), new LogKeys('sse', 0, '{b}', true), new LogKeys('sse', 1, 'a', false)]
  const keys = [...first.all, ...second.all, first.sent('x'), second.idempotency('{y}'), wakeKey('sse', 0, 'reader')]
  t.strictSame([...new Set(keys.map(tagOf))], ['sse:0'])
  t.strictSame([...new Set(other.all.map(tagOf))], ['sse:1'])
  t.equal(new Set([...keys, ...other.all]).size, keys.length + other.all.length)
})

t.test('no name and key make what another name and key make', async t => {
  const made = new Set<string>()
  const pairs = [['a', 'b:c'], ['a:b', 'c'], ['', 'a:b:c'], ['a:b:c', ''], ['1:a', 'b'], ['1', 'a:b'], ['a', '1:b:c']] as const
  for (const [name, key] of pairs) made.add(new LogKeys('sse', 0, name, false).idempotency(key))
  t.equal(made.size, pairs.length)
})

t.test('channels are spread over the shards', async t => {
  const counts = [0, 0, 0, 0]
  for (let i = 0; i < 1_000; i++) {
    const shard = shardOf(`channel ${i}`, 4)
    counts[shard] = (counts[shard] ?? 0) + 1
  }
  t.ok(counts.every(count => count > 150), counts.join())
  t.equal(shardOf('trades', 1), 0)
  t.equal(shardOf('trades', 16), 1, 'in all versions of this package, or the channel moves')
})

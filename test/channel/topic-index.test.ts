import { deepStrictEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { topicFilter } from '../../lib/channel/topic-filter.js'
import { TopicIndex } from '../../lib/channel/topic-index.js'
import type { Topic } from '../../types/channel.js'
import { topicPrefix } from '../../lib/channel/topic-prefix.js'

function visited<Subscriber> (index: TopicIndex<Subscriber>, topic: string): Subscriber[] {
  const found: Subscriber[] = []
  index.match(topic, subscriber => { found.push(subscriber) })
  return found
}

t.test('finds those who named a topic or a prefix of it, and knows who takes all', async t => {
  const index = new TopicIndex<string>()
  index.add(undefined, 'all')
  index.add(['a/b'], 'exact')
  index.add([topicPrefix('a/')], 'prefix')
  index.add([topicPrefix('')], 'any')
  index.add([topicPrefix('a/b/c')], 'longer')
  t.strictSame([...index.everything], ['all'])
  t.strictSame(visited(index, 'a/b').sort(), ['any', 'exact', 'prefix'])
  t.strictSame(visited(index, 'b'), ['any'])
  t.equal(index.count('a/b'), 4)
  t.equal(index.count('b'), 2)
})

t.test('visits one who names a topic twice twice, and counts it once', async t => {
  const index = new TopicIndex<string>()
  index.add(['a', 'a', topicPrefix('a')], 'x')
  t.strictSame(visited(index, 'a'), ['x', 'x'])
  t.equal(index.count('a'), 1)
  index.delete(['a', 'a', topicPrefix('a')], 'x')
  t.equal(index.count('a'), 0)
  t.equal(index.size, 0)
})

t.test('one who goes takes nobody along', async t => {
  const index = new TopicIndex<string>()
  const topics: Topic[] = ['a', topicPrefix('a'), topicPrefix('b')]
  index.add(topics, 'x')
  index.add(topics, 'y')
  index.delete(topics, 'x')
  index.delete(topics, 'x')
  index.delete(['never'], 'x')
  index.delete(topics, 'stranger')
  t.strictSame(visited(index, 'a'), ['y', 'y'])
  t.equal(index.size, 3)
  t.strictSame(index.counts, [
    { topic: 'a', subscribers: 1 },
    { topic: topicPrefix('a'), subscribers: 1 },
    { topic: topicPrefix('b'), subscribers: 1 }
  ])
  index.delete(topics, 'y')
  t.equal(index.size, 0)
  t.strictSame(visited(index, 'a'), [])
})

const topicsOfSubscriber = fc.option(
  fc.array(fc.oneof(fc.constantFrom('a', 'ab', 'abc', 'b', 'ba'), fc.constantFrom('', 'a', 'ab', 'b').map(topicPrefix)), { maxLength: 4 }),
  { nil: undefined }
)

t.test('matches and counts as one does who asks every subscriber, and holds nothing when all are gone', async () => {
  fc.assert(fc.property(fc.array(fc.record({ topics: topicsOfSubscriber, leaves: fc.boolean() }), { maxLength: 12 }), plans => {
    const index = new TopicIndex<object>()
    for (const plan of plans) index.add(plan.topics, plan)
    for (const plan of plans) if (plan.leaves) index.delete(plan.topics, plan)
    const present = plans.filter(({ leaves }) => !leaves)
    for (const topic of ['a', 'ab', 'abc', 'abcd', 'b', 'ba', 'c']) {
      const wanted = present.filter(({ topics }) => topicFilter(topics)(topic))
      deepStrictEqual(new Set([...visited(index, topic), ...index.everything]), new Set(wanted))
      equal(index.count(topic), wanted.length)
    }
    equal(index.size, new Set(present.flatMap(({ topics }) => topics ?? []).map(topic => JSON.stringify(topic))).size)
    for (const plan of present) index.delete(plan.topics, plan)
    equal(index.size, 0)
    equal(index.everything.size, 0)
  }))
})

import t from 'tap'
import { topicFilter } from '../../lib/channel/topic-filter.js'
import type { Topic } from '../../types/channel.js'
import { topicPrefix } from '../../lib/channel/topic-prefix.js'

t.test('tells for whom an event with a topic, or without one, is', async t => {
  const cases: Array<[topics: readonly Topic[] | undefined, passing: Array<string | undefined>, others: Array<string | undefined>]> = [
    [undefined, [undefined, 'a', 'ab'], []],
    [['a', 'c'], ['a', 'c'], [undefined, 'b', 'ab', 'A', '']],
    [[topicPrefix('a/')], ['a/', 'a/b', 'a/b/c'], [undefined, 'a', 'b/a/']],
    [[topicPrefix('')], ['a', 'anything'], [undefined]],
    [['x', topicPrefix('a'), topicPrefix('b')], ['x', 'a', 'bc'], [undefined, 'xa', 'c']],
    [['a*', 'a.b'], ['a*', 'a.b'], ['ab', 'acb']]
  ]
  for (const [topics, passing, others] of cases) {
    const isFor = topicFilter(topics)
    for (const topic of passing) t.equal(isFor(topic), true, `${JSON.stringify(topics)} take ${topic}`)
    for (const topic of others) t.equal(isFor(topic), false, `${JSON.stringify(topics)} do not take ${topic}`)
  }
})

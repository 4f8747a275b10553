import t from 'tap'
import { isTopic, resolveSubscribeOptions } from '../../lib/channel/subscribe-options.js'
import { topicPrefix } from '../../lib/channel/topic-prefix.js'

t.test('without options, all of the live events are wanted', async t => {
  for (const options of [{}, { topics: undefined, filter: undefined, from: undefined, expiresAt: undefined }]) {
    t.strictSame(resolveSubscribeOptions(options as never), { topics: undefined, filter: undefined, beginning: undefined, expiresAtMs: Infinity })
  }
})

t.test('options that are right are taken', async t => {
  const filter = (): boolean => true
  t.equal(resolveSubscribeOptions({ filter }).filter, filter)
  for (const topics of [['a'], ['a', topicPrefix('b/')], [topicPrefix('')]]) t.strictSame(resolveSubscribeOptions({ topics }).topics, topics)
  for (const from of ['live', 'start', 'snapshot'] as const) t.equal(resolveSubscribeOptions({ from }).beginning, from)
  for (const position of ['e.7', '', 'anything']) t.strictSame(resolveSubscribeOptions({ from: { position } }).beginning, { id: position })
  for (const [expiresAt, expiresAtMs] of [[new Date(5_000), 5_000], [5_000, 5_000], [0, 0], [-1, -1], [Infinity, Infinity]] as const) {
    t.equal(resolveSubscribeOptions({ expiresAt }).expiresAtMs, expiresAtMs)
  }
})

t.test('what the caller does with its topics later changes nothing', async t => {
  const topics = ['b', topicPrefix('a')]
  const resolved = resolveSubscribeOptions({ topics })
  topics.pop()
  t.strictSame(resolved.topics, ['b', topicPrefix('a')])
})

t.test('options that are wrong are refused', async t => {
  const ofTopics = 'topics should be an array of at least one topic, instead got'
  const ofTopic = 'a topic should be a non-empty string, or made by topicPrefix(), instead got'
  const ofFrom = "from should be 'live', 'start', 'snapshot' or { position } with an id, instead got"
  const ofTime = 'expiresAt should be a Date, or milliseconds since the epoch, instead got'
  const cases: Array<[options: unknown, problem: string]> = [
    [null, "the options should be an object, instead got 'null'"],
    ['live', "the options should be an object, instead got 'live'"],
    [{ topic: 'a' }, "the options are topics, filter, from, expiresAt, instead got 'topic'"],
    [{ topics: 'a' }, `${ofTopics} 'a'`],
    [{ topics: [] }, `${ofTopics} 'Array'`],
    [{ topics: null }, `${ofTopics} 'null'`],
    [{ topics: new Set(['a']) }, `${ofTopics} 'Set'`],
    [{ topics: [''] }, `${ofTopic} ''`],
    [{ topics: ['a', 7] }, `${ofTopic} '7'`],
    [{ topics: [null] }, `${ofTopic} 'null'`],
    [{ topics: [{}] }, `${ofTopic} 'Object'`],
    [{ topics: [{ prefix: 'a' }] }, `${ofTopic} 'Object'`],
    [{ topics: [{ prefix: 7 }] }, `${ofTopic} 'Object'`],
    [{ filter: true }, "filter should be a function, instead got 'true'"],
    [{ filter: null }, "filter should be a function, instead got 'null'"],
    [{ from: 'end' }, `${ofFrom} 'end'`],
    [{ from: null }, `${ofFrom} 'null'`],
    [{ from: 7 }, `${ofFrom} '7'`],
    [{ from: {} }, `${ofFrom} 'Object'`],
    [{ from: { position: 7 } }, `${ofFrom} 'Object'`],
    [{ expiresAt: NaN }, `${ofTime} 'NaN'`],
    [{ expiresAt: new Date(NaN) }, `${ofTime} 'Date'`],
    [{ expiresAt: null }, `${ofTime} 'null'`],
    [{ expiresAt: '2030-01-01' }, `${ofTime} '2030-01-01'`],
    [{ expiresAt: '5000' }, `${ofTime} '5000'`],
    [{ expiresAt: true }, `${ofTime} 'true'`],
    [{ expiresAt: [] }, `${ofTime} 'Array'`]
  ]
  for (const [options, problem] of cases) {
    t.throws(() => resolveSubscribeOptions(options as never), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID', message: `subscribe(): ${problem}` })
  }
})

t.test('a topic is a string that is not empty', async t => {
  for (const [value, is] of [['a', true], [' ', true], ['', false], [undefined, false], [7, false], [['a'], false]] as const) t.equal(isTopic(value), is)
})

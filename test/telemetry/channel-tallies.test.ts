import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { ChannelTallies } from '../../lib/telemetry/channel-tallies.js'
import { NO_METRICS } from '../../lib/telemetry/sum.js'
import type { ChannelMetrics } from '../../types/telemetry.js'

/** A channel that has published so many events, and has a subscriber. */
function tally (channel: string, published: number) {
  const inherited: number[] = []
  return {
    channel,
    inherited,
    read: (): ChannelMetrics => ({ ...NO_METRICS.allChannels, channel, published, subscribers: 1 }),
    inherit: ({ published, subscribers }: ChannelMetrics): void => {
      t.equal(subscribers, 0, 'its subscribers have gone')
      inherited.push(published)
    }
  }
}

t.test('a server has one, whichever of its scopes asks', async t => {
  const server = {}
  const scopes = [{ server }, { server }, { server: {} }] as FastifyInstance[]
  const [first, second, other] = scopes.map(scope => ChannelTallies.of(scope))
  t.equal(first, second)
  t.not(first, other)
})

t.test('what is closed leaves its counters to another of its name, else to all that were closed, and no name', async t => {
  const tallies = new ChannelTallies()
  const [one, two, other] = [tally('a', 1), tally('a', 2), tally('b', 4)]
  for (const each of [one, two, other]) tallies.open(each)
  t.equal(tallies.size, 2)
  t.strictSame(tallies.closed, NO_METRICS)
  tallies.close(one)
  t.strictSame([two.inherited, other.inherited, tallies.closed], [[1], [], NO_METRICS])
  for (const each of [two, other]) tallies.close(each)
  t.strictSame(tallies.closed, { ...NO_METRICS, allChannels: { ...NO_METRICS.allChannels, published: 6 } })
  t.equal(tallies.size, 0)
})

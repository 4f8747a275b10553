import t from 'tap'
import { isTogether, toldChannels } from '../../lib/telemetry/per-channel.js'
import { NO_METRICS } from '../../lib/telemetry/sum.js'

const metrics = {
  ...NO_METRICS,
  channels: ['a', 'b'].map(channel => ({ ...NO_METRICS.allChannels, channel, published: 1 })),
  allChannels: { ...NO_METRICS.allChannels, published: 5 }
}

t.test('channels are told one by one, or all together without a name', async t => {
  t.equal(toldChannels(metrics, true), metrics.channels)
  const told = toldChannels(metrics, false)
  t.strictSame(told, [{ ...metrics.allChannels, channel: '' }])
  t.strictSame([...metrics.channels, ...told].map(({ channel }) => isTogether(channel)), [false, false, true])
})

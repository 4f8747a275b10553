import t from 'tap'
import { originOf } from '../../../lib/brokers/nats/reply.js'

t.test('finds the consumer and the number, with a domain and without', async t => {
  for (const [reply, origin] of [
    ['$JS.ACK.stream.consumer.1.42.7.1795357818565648592.2', { consumer: 'consumer', seq: 42 }],
    ['$JS.ACK.hub.ACCOUNT.stream.consumer.1.42.7.1795357818565648592.2', { consumer: 'consumer', seq: 42 }],
    ['$JS.ACK._.ACCOUNT.stream.consumer.1.42.7.1795357818565648592.2.token', { consumer: 'consumer', seq: 42 }],
    ['', { consumer: '', seq: NaN }],
    [undefined, { consumer: '', seq: NaN }]
  ] as const) t.strictSame(originOf(reply), origin)
})

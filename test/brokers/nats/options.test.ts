import t from 'tap'
import { natsBroker, type NatsBrokerOptions } from '../../../lib/brokers/nats.js'
import { checkBrokerOptions } from '../../../lib/brokers/nats/options.js'

const connection = { publish () {}, subscribe () {}, status () {}, isClosed () {} } as unknown as NatsBrokerOptions['connection']

t.test('a wrong option is refused when the broker is made', async t => {
  for (const [options, message] of [
    [undefined, "natsBroker() options should be an object, instead got 'undefined'"],
    [{}, "natsBroker() option connection should be a connection, from connect() of @nats-io/transport-node (npm install @nats-io/transport-node @nats-io/nats-core), instead got 'undefined'"],
    [{ connection: 'nats://user:secret@host' }, "natsBroker() option connection should be a connection, from connect() of @nats-io/transport-node (npm install @nats-io/transport-node @nats-io/nats-core), instead got 'string'"],
    [{ connection: Promise.resolve(connection) }, "natsBroker() option connection should be a connection, from connect() of @nats-io/transport-node (npm install @nats-io/transport-node @nats-io/nats-core), instead got 'Promise'"],
    [{ connection, prefix: 'a.b' }, "natsBroker() option prefix should be 1 to 64 of the characters A-Z a-z 0-9 _ -, instead got 'a.b'"],
    [{ connection, prefix: 1 }, "natsBroker() option prefix should be 1 to 64 of the characters A-Z a-z 0-9 _ -, instead got '1'"],
    [{ connection, replicas: 0 }, "natsBroker() option replicas should be a whole number from 1 to 5, instead got '0'"],
    [{ connection, replicas: 6 }, "natsBroker() option replicas should be a whole number from 1 to 5, instead got '6'"],
    [{ connection, storage: 'disk' }, "natsBroker() option storage should be 'file' or 'memory', instead got 'disk'"],
    [{ connection, timeoutMs: 0 }, "natsBroker() option timeoutMs should be a number above 0, or Infinity, instead got '0'"],
    [{ connection, timeoutMs: Infinity }, "natsBroker() option timeoutMs should be a whole number from 0 to 2147483647, instead got 'Infinity'"],
    [{ connection, maxPendingBytes: 0 }, "natsBroker() option maxPendingBytes should be a number above 0, or Infinity, instead got '0'"],
    [{ connection, url: 'x' }, "natsBroker() option url should be one of connection, prefix, replicas, storage, timeoutMs, maxPendingBytes, instead got 'url'"]
  ] as Array<[NatsBrokerOptions, string]>) {
    t.throws(() => natsBroker(options), { code: 'FST_ERR_SSE_OPTION_INVALID', message })
  }
})

t.test('what is left out, or undefined, has its default', async t => {
  const settings = { connection, prefix: 'sse', replicas: 1, storage: 'file', timeoutMs: 5_000, maxPendingBytes: 8_388_608 }
  t.strictSame(checkBrokerOptions({ connection }), settings)
  t.strictSame(checkBrokerOptions({ connection, prefix: undefined, storage: undefined }), settings)
  t.strictSame(checkBrokerOptions({ connection, prefix: 'a_B-1', replicas: 3, storage: 'memory', timeoutMs: 1, maxPendingBytes: Infinity }), {
    connection, prefix: 'a_B-1', replicas: 3, storage: 'memory', timeoutMs: 1, maxPendingBytes: Infinity
  })
})

import { connect } from '@nats-io/transport-node'
import t from 'tap'
import { natsBroker } from '../../../lib/brokers/nats.js'
import { startNats } from '../../helpers/nats-server.js'
import { requireBinary } from '../../helpers/services.js'
import { conformance } from '../conformance.js'

t.test('conformance', async t => {
  const program = requireBinary(t, 'nats-server')
  if (program === undefined) return
  const server = await startNats(t, program)
  await conformance(t, {
    create: async () => {
      const [first, second] = await Promise.all([1, 2].map(async () => await connect({ servers: `127.0.0.1:${server.port}` })))
      return {
        broker: natsBroker({ connection: first as NonNullable<typeof first> }),
        second: natsBroker({ connection: second as NonNullable<typeof second> }),
        stop: async () => { await Promise.all([first?.close(), second?.close()]) }
      }
    },
    exactLimits: false
  })
})

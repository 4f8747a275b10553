import t from 'tap'
import { startNats } from '../helpers/nats-server.js'
import { requireBinary } from '../helpers/services.js'
import { ENGINE_SCENARIOS, SCENARIOS, testFaults } from './scenarios.js'

const binary = requireBinary(t, 'nats-server')
if (binary !== undefined) testFaults(t, 'nats', { ...SCENARIOS, ...ENGINE_SCENARIOS }, async t => await startNats(t, binary))

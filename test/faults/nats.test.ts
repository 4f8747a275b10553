import t from 'tap'
import { startNats } from '../helpers/nats-server.js'
import { requireBinary } from '../helpers/services.js'
import { ENGINE_SCENARIOS, FIRST_SCENARIOS, SCENARIOS, testFaults } from './scenarios.js'

const binary = requireBinary(t, 'nats-server')
const scenarios = { ...FIRST_SCENARIOS, ...SCENARIOS, ...ENGINE_SCENARIOS }
if (binary !== undefined) testFaults(t, 'nats', scenarios, async t => await startNats(t, binary))

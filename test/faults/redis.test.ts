import t from 'tap'
import { startRedis } from '../helpers/redis-server.js'
import { requireBinary } from '../helpers/services.js'
import { ENGINE_SCENARIOS, FIRST_SCENARIOS, SCENARIOS, testFaults } from './scenarios.js'

const binary = requireBinary(t, 'redis-server')
const scenarios = { ...FIRST_SCENARIOS, ...SCENARIOS, ...ENGINE_SCENARIOS }
if (binary !== undefined) testFaults(t, 'redis', scenarios, async t => await startRedis(t, binary))

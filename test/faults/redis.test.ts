import t from 'tap'
import { startRedis } from '../helpers/redis-server.js'
import { requireBinary } from '../helpers/services.js'
import { ENGINE_SCENARIOS, SCENARIOS, testFaults } from './scenarios.js'

const binary = requireBinary(t, 'redis-server')
if (binary !== undefined) testFaults(t, 'redis', { ...SCENARIOS, ...ENGINE_SCENARIOS }, async t => await startRedis(t, binary))

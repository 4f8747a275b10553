import t from 'tap'
import { MEMORY_SCENARIOS, testFaults } from './scenarios.js'

testFaults(t, 'memory', MEMORY_SCENARIOS)

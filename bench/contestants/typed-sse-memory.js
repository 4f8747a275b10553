// This plugin with the broker that it has without another one: all in the memory of one process.
import { typedSse } from '../cluster/typed-sse.js'

export { greeting } from '../cluster/typed-sse.js'
export const title = '**fastify-typed-sse**, in memory'
export const packages = ['fastify-typed-sse', 'fastify', '@sinclair/typebox']

/** @type {import('../workloads/cluster-latency.js').Instance} */
export const instance = task => typedSse(task)

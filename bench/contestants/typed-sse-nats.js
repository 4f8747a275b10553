// This plugin over NATS JetStream: each event is stored before anybody gets it.
import { connect } from '@nats-io/transport-node'
import { typedSse } from '../cluster/typed-sse.js'

export { greeting } from '../cluster/typed-sse.js'
export const title = '**fastify-typed-sse**, `natsBroker`'
export const packages = ['fastify-typed-sse', 'fastify', '@sinclair/typebox', '@nats-io/transport-node']
export const engine = 'nats'

/** @type {import('../workloads/cluster-latency.js').Instance} */
export async function instance (task) {
  const { natsBroker } = await import('fastify-typed-sse/nats')
  return await typedSse(task, natsBroker({ connection: await connect({ port: task.enginePort }) }))
}

// This plugin by what Node.js and Fastify document alone, without its fast paths.
import { fanOutWith } from './typed-sse-channel.js'

export { packages } from './typed-sse-channel.js'
export const title = '**fastify-typed-sse**, `channel.publish`, `fastPaths: false`'

/** @type {import('../workloads/fan-out.js').FanOut} */
export async function fanOut (task) {
  return await fanOutWith(task, { fastPaths: false })
}

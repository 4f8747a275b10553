import { Redis } from 'ioredis'
import { redisBroker } from 'fastify-typed-sse/redis'
import { buildServer } from './app.js'
import type { InstanceName } from './streams.js'

const { NAME, PORT, REDIS_URL, RETRY_MS } = process.env as { NAME: InstanceName, PORT: string, REDIS_URL: string, RETRY_MS: string }

// The broker makes its own connections, like this one.
const client = new Redis(REDIS_URL, { lazyConnect: true })
const app = buildServer(NAME, { broker: redisBroker({ client }), retryMs: Number(RETRY_MS) })

async function stop (): Promise<void> {
  await app.close()
  if (process.connected) process.disconnect()
}
process.on('SIGTERM', () => { void stop() })
// The supervisor is gone.
process.on('disconnect', () => { void stop() })

await app.listen({ port: Number(PORT), host: '127.0.0.1' })
if (process.connected) process.send?.('listening')
// It has gone before anybody could be told.
else await stop()

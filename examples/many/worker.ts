import cluster from 'node:cluster'
import { Redis } from 'ioredis'
import { redisBroker } from 'fastify-typed-sse/redis'
import { buildServer } from './app.js'

const { PORT, REDIS_URL, RETRY_MS, BEAT_MS } = process.env as Record<'PORT' | 'REDIS_URL' | 'RETRY_MS' | 'BEAT_MS', string>

// The broker makes its own connections, like this one.
const client = new Redis(REDIS_URL, { lazyConnect: true })
const app = buildServer({ broker: redisBroker({ client }), retryMs: Number(RETRY_MS) }, Number(BEAT_MS))

// When the primary dies without a word, node:cluster ends this process.
process.on('SIGTERM', () => { void app.close().then(() => cluster.worker?.disconnect()) })

// The same port in all of them: they share it.
await app.listen({ port: Number(PORT), host: '127.0.0.1' })

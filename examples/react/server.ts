import { buildServer } from './app.js'

const { PORT = '3000', HOST = '127.0.0.1' } = process.env

const app = await buildServer()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { void app.close() })
console.log(`\n  The poll is at ${await app.listen({ port: Number(PORT), host: HOST })}\n`)

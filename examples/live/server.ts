import inspector from 'fastify-typed-sse/inspector'
import { buildServer } from './app.js'

const { PORT = '3000', HOST = '127.0.0.1', RETRY_MS } = process.env

const app = buildServer({ ...(RETRY_MS !== undefined && { retryMs: Number(RETRY_MS) }) })

// Who reads what, at /_sse/: for this machine alone, wherever the server listens, and by no name that somebody else has given it.
app.register(inspector, {
  prefix: '/_sse',
  authorize: ({ ip, hostname }) => ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(ip) && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Open streams end cleanly, and their browsers are told when to come back. on(), not once(): a signal may come twice,
  // from the terminal and from the program that has started this one.
  process.on(signal, () => { void app.close() })
}

try {
  const address = await app.listen({ port: Number(PORT), host: HOST })
  console.log(`\n  The live page is at ${address}\n`)
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
  console.error(`\n  Port ${PORT} is taken. Choose another one:  PORT=${Number(PORT) + 1} npm start\n`)
  process.exitCode = 1
  await app.close()
}

import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Ports that nobody listens on. */
export async function freePorts (count: number): Promise<number[]> {
  // All at once, so that they are different.
  const servers = await Promise.all(Array.from({ length: count }, async () => await listen(0)))
  const ports = servers.map(server => (server.address() as { port: number }).port)
  await Promise.all(servers.map(close))
  return ports
}

export async function isFree (port: number): Promise<boolean> {
  try {
    await close(await listen(port))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false
    throw error
  }
}

async function listen (port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function close (server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}

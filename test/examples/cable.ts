import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface Cable {
  port: number
  /** Breaks all connections that go through it. */
  cut: () => void
}

/** What goes between a browser and a server, so that it can be cut: Chromium's own offline mode leaves open streams open. */
export async function layCable (t: Test, toPort: number): Promise<Cable> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    // An error is followed by 'close', and both ends go together.
    return socket.on('error', () => {}).on('close', () => { sockets.delete(socket) })
  }
  const server = createServer(near => {
    const far = keep(connect(toPort, '127.0.0.1'))
    keep(near).on('close', () => { far.destroy() }).pipe(far).on('close', () => { near.destroy() }).pipe(near)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  const cut = (): void => { for (const socket of sockets) socket.resetAndDestroy() }
  t.teardown(() => {
    server.close()
    cut()
  })
  return { port: (server.address() as { port: number }).port, cut }
}

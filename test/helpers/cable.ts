import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface Cable {
  port: number
  /** Breaks all connections that go through it. */
  cut: () => void
  /** From now on nothing arrives on either side, and nobody is told: whoever sends, or connects, waits. */
  drop: () => void
  /**
   * From now on new connections go through again. Those that were there while it dropped are broken: what one of their
   * sides has sent is missing for good, which no network would do to a connection that goes on.
   */
  restore: () => void
}

/** What goes between a client and a server, so that it can be cut: Chromium's own offline mode leaves open streams open. */
export async function layCable (t: Test, toPort: number): Promise<Cable> {
  const sockets = new Set<Socket>()
  let isDropping = false
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    // An error is followed by 'close', and both ends go together.
    return socket.on('error', () => {}).on('close', () => { sockets.delete(socket) })
  }
  const cut = (): void => {
    for (const socket of sockets) {
      // libuv does not reset what is being shut down, and Node 20 then waits for it in vain, and without rest, when it exits.
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
  }
  const swallow = (socket: Socket): void => { socket.unpipe().removeAllListeners('close').on('close', () => { sockets.delete(socket) }).resume() }
  const server = createServer(near => {
    keep(near)
    if (isDropping) {
      swallow(near)
      return
    }
    const far = keep(connect(toPort, '127.0.0.1'))
    near.on('close', () => { far.destroy() }).pipe(far).on('close', () => { near.destroy() }).pipe(near)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  t.teardown(() => {
    server.close()
    cut()
  })
  return {
    port: (server.address() as { port: number }).port,
    cut,
    drop () {
      isDropping = true
      for (const socket of sockets) swallow(socket)
    },
    restore () {
      isDropping = false
      cut()
    }
  }
}

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** What a cable loses: all that is sent through it, or only what the server sends. */
export type Loss = 'all' | 'answers'

export interface Cable {
  port: number
  /** Breaks all connections that go through it. */
  cut: () => void
  /** From now on this does not arrive any more, and nobody is told: whoever waits for it waits. */
  drop: (loss: Loss) => void
  /**
   * From now on new connections go through again. Those that were there while it dropped are broken: what one of their
   * sides has sent is missing for good, which no network would do to a connection that goes on.
   */
  restore: () => void
}

/** What goes between a client and a server, so that it can be cut: Chromium's own offline mode leaves open streams open. */
export async function layCable (t: Test, toPort: number): Promise<Cable> {
  const sockets = new Set<Socket>()
  /** Those that come from the server. */
  const fars = new Set<Socket>()
  let loss: Loss | undefined
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    // An error is followed by 'close', and both ends go together.
    return socket.on('error', () => {}).on('close', () => { sockets.delete(socket) })
  }
  const server = createServer(near => {
    keep(near)
    if (loss === 'all') {
      near.resume()
      return
    }
    const far = keep(connect(toPort, '127.0.0.1'))
    fars.add(far)
    far.on('close', () => { fars.delete(far) })
    near.on('close', () => { if (loss !== 'all') far.destroy() }).pipe(far).on('close', () => { if (loss === undefined) near.destroy() })
    if (loss === undefined) far.pipe(near)
    else far.resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  const cut = (): void => {
    for (const socket of sockets) {
      // libuv does not reset what is being shut down, and Node 20 then waits for it in vain, and without rest, when it exits.
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
  }
  t.teardown(() => {
    server.close()
    cut()
  })
  return {
    port: (server.address() as { port: number }).port,
    cut,
    drop (what) {
      loss = what
      for (const socket of what === 'all' ? sockets : fars) socket.unpipe().resume()
    },
    restore () {
      loss = undefined
      cut()
    }
  }
}

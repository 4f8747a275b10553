import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Lifetime } from '../../helpers/lifetime.js'

const ASK_EVERY_MS = 100

/** A balancer of TCP connections, in turn, which asks its instances at `/ready` whether they want any. */
export class Balancer {
  /** When each connection came, in milliseconds as of performance.now(). */
  readonly arrivals: number[] = []
  /** Connections that nobody wanted. */
  unserved = 0
  readonly #server: Server
  readonly #ports: readonly number[]
  readonly #ready = new Set<number>()
  #turn = 0

  private constructor (ports: readonly number[]) {
    this.#ports = ports
    this.#server = createServer(socket => { this.#take(socket) })
  }

  static async start (lifetime: Lifetime, ports: readonly number[]): Promise<Balancer> {
    const balancer = new Balancer(ports)
    balancer.#server.listen({ port: 0, host: '127.0.0.1', backlog: 8_192 })
    await once(balancer.#server, 'listening')
    const asking = setInterval(() => { for (const port of ports) void balancer.#ask(port) }, ASK_EVERY_MS)
    lifetime.teardown(() => {
      clearInterval(asking)
      balancer.#server.close()
    })
    await Promise.all(ports.map(async port => { await balancer.#ask(port) }))
    return balancer
  }

  get port (): number {
    return (this.#server.address() as AddressInfo).port
  }

  isReady (port: number): boolean {
    return this.#ready.has(port)
  }

  async #ask (port: number): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`, { headers: { connection: 'close' } }).catch(() => undefined)
    await answer?.arrayBuffer().catch(() => {}) // it closes
    if (answer?.ok === true) this.#ready.add(port)
    else this.#ready.delete(port)
  }

  #take (client: Socket): void {
    this.arrivals.push(performance.now())
    client.on('error', () => {}) // it closes
    this.#passOn(client, this.#ports.length)
  }

  /** An instance that does not accept it may have closed since it was asked: the next one gets it. */
  #passOn (client: Socket, tries: number): void {
    const ready = this.#ports.filter(port => this.#ready.has(port))
    const port = ready[this.#turn++ % ready.length]
    if (port === undefined || tries === 0) {
      this.unserved++
      client.destroy()
      return
    }
    const instance = connect(port, '127.0.0.1')
    instance.on('error', ({ syscall }: NodeJS.ErrnoException) => {
      if (syscall === 'connect') this.#passOn(client, tries - 1)
    })
    instance.on('connect', () => {
      client.pipe(instance).pipe(client)
      client.on('close', () => { instance.destroy() })
      instance.on('close', () => { client.destroySoon() })
    })
  }
}

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { connect, type ClientStream, type ConnectOptions } from '../../lib/client/connect.js'

const CYCLES = 1_000
const STREAM = { 'content-type': 'text/event-stream' }

t.setTimeout(60_000)

interface Stage {
  answer: (response: ServerResponse) => void
  options?: ConnectOptions
  /** Resolves when it is to be closed. */
  reached: (stream: ClientStream) => Promise<unknown>
}

async function state (stream: ClientStream, wanted: string): Promise<void> {
  await new Promise<void>(resolve => { stream.onState(state => { if (state === wanted) resolve() }) })
}

const STAGES: Record<string, Stage> = {
  'before it has asked': { answer: response => response.end(), reached: async () => {} },
  'while it waits for headers': {
    answer: response => response.end(), options: { headers: async () => await new Promise(() => {}) }, reached: async () => { await new Promise(setImmediate) }
  },
  'while it waits for an answer': { answer: () => {}, reached: async () => { await new Promise(setImmediate) } },
  'when it is open': { answer: response => { response.writeHead(200, STREAM).flushHeaders() }, reached: async stream => { await state(stream, 'open') } },
  'between events': {
    answer: response => { response.writeHead(200, STREAM).write('data: 1\n\ndata: 2\n\n') },
    reached: async stream => { await new Promise<void>(resolve => { stream.on('message', () => { resolve() }) }) }
  },
  'while it waits to try again': {
    answer: response => response.writeHead(503).end(), options: { retryMs: 3_600_000 }, reached: async stream => { await state(stream, 'waiting') }
  },
  'when it is complete': { answer: response => response.writeHead(204).end(), reached: async stream => await stream.closed },
  'when it has failed': { answer: response => response.writeHead(404).end(), reached: async stream => { await stream.closed.catch(() => {}) } }
}

t.test('1,000 streams that are closed at every stage leave nothing behind', async t => {
  const stages = Object.values(STAGES)
  const server = createServer((request, response) => { stages[Number(request.url?.slice(1))]?.answer(response) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const { port } = server.address() as { port: number }
  const counting = new Counting(t)
  const streams: ClientStream[] = []
  const cycle = async (n: number): Promise<void> => {
    const stage = stages[n % stages.length] as Stage
    const stream = connect(`http://127.0.0.1:${port}/${n % stages.length}`, { ...stage.options, signal: counting.signal })
    streams.push(stream)
    await stage.reached(stream)
    stream.close()
    await stream.closed.catch(() => {})
  }
  for (let n = 0; n < CYCLES; n += 8) await Promise.all(stages.map(async (_, i) => { await cycle(n + i) }))

  t.equal(streams.length, CYCLES)
  t.ok(streams.every(({ state }) => state === 'closed'))
  server.closeAllConnections()
  await counting.settled()
  t.ok(counting.added >= CYCLES - 1, 'the signal was listened to')
  t.equal(counting.listeners, 0, 'nobody listens to the signal')
  t.ok(counting.timersSet > CYCLES, 'timers were set')
  t.equal(counting.timers, 0, 'all timers are cleared')
  while (process.getActiveResourcesInfo().includes('TCPSocketWrap')) await new Promise(setImmediate)
})

/** What streams hold on to: a signal's listeners, and timers of their own. */
class Counting {
  readonly signal = new AbortController().signal
  added = 0
  listeners = 0
  timersSet = 0
  readonly #timers = new Set<unknown>()

  constructor (t: Test) {
    const { setTimeout, clearTimeout } = globalThis
    const add = this.signal.addEventListener.bind(this.signal)
    this.signal.addEventListener = (type: string, listener: () => void, { signal }: { signal: AbortSignal }) => {
      this.added++
      this.listeners++
      signal.addEventListener('abort', () => { this.listeners-- })
      add(type, listener, { signal })
    }
    t.intercept(globalThis, 'setTimeout', {
      value: (...called: Parameters<typeof setTimeout>) => {
        const timer = setTimeout(...called)
        if (/client\/patience/.test(new Error().stack ?? '')) {
          this.timersSet++
          this.#timers.add(timer)
        }
        return timer
      }
    })
    t.intercept(globalThis, 'clearTimeout', {
      value: (timer: NodeJS.Timeout) => {
        this.#timers.delete(timer)
        clearTimeout(timer)
      }
    })
  }

  get timers (): number {
    return this.#timers.size
  }

  /** Resolves when what was aborted has been cleared up. */
  async settled (): Promise<void> {
    for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate)
  }
}

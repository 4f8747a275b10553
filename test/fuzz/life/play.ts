import { Cable } from './cable.js'
import { readEventStream, readReplies } from './answers.js'
import type { Clock } from './clock.js'
import type { Asked, Schedule, Step } from './schedule.js'
import type { Server } from './server.js'
import { Visit } from './visit.js'

/** Turns of the event loop within which whatever can come to an end has done so. */
const TURNS = 60
const LEAP_MS = 2_000

/** And within which it does where the server stays. */
const REST = 6

/** What is known after a schedule was played. */
export interface Played {
  readonly schedule: Schedule
  readonly server: Server
  readonly clock: Clock
  readonly cables: readonly Cable[]
  /** In the order in which they were made. */
  readonly visits: readonly Visit[]
  readonly wasClosed: boolean
  readonly wasDrained: boolean
  readonly waitedMs: number
  /** Streams that were open, and the first of their connection, when all clients read and nothing more was said: how many events had been taken of their sources, and how many had come. */
  readonly settled: ReadonlyArray<{ visit: Visit, taken: number, got: number, lastEventId: string | undefined }>
  /** Those of them that had not ended, though their sources had. */
  readonly stuck: readonly Visit[]
  /** Whether app.close() and app.sse.drain() have come to their ends, where they were called. */
  readonly hasClosed: boolean
}

export async function play (schedule: Schedule, server: Server, clock: Clock): Promise<Played> {
  return await new Play(schedule, server, clock).run()
}

class Play {
  readonly #schedule: Schedule
  readonly #server: Server
  readonly #clock: Clock
  readonly #cables: Array<{ cable: Cable, visits: Visit[] }> = Array.from({ length: 3 }, () => ({ cable: new Cable(), visits: [] }))
  readonly #visits: Visit[]
  readonly #closing: Array<Promise<unknown>> = []
  #wasClosed = false
  #wasDrained = false
  #waitedMs = 0

  constructor (schedule: Schedule, server: Server, clock: Clock) {
    this.#schedule = schedule
    this.#server = server
    this.#clock = clock
    this.#visits = schedule.asked.map(asked => new Visit(asked))
    server.visits = this.#visits
    server.lines = []
  }

  async run (): Promise<Played> {
    for (const { cable } of this.#cables) this.#server.app.server.emit('connection', cable)
    for (const step of this.#schedule.steps) await this.#take(step)
    const settled = await this.#settle()
    const stuck = await this.#endSources()
    const hasClosed = await this.#end()
    this.#read()
    return {
      schedule: this.#schedule,
      server: this.#server,
      clock: this.#clock,
      cables: this.#cables.map(({ cable }) => cable),
      visits: this.#visits,
      wasClosed: this.#wasClosed,
      wasDrained: this.#wasDrained,
      waitedMs: this.#waitedMs,
      settled,
      stuck,
      hasClosed
    }
  }

  async #take (step: Step): Promise<void> {
    if ('of' in step) this.#takeOf(step, this.#visits[step.of % this.#visits.length] as Visit)
    else if ('line' in step) this.#takeOfLine(step)
    else if (step.do === 'turn') await turns(step.times)
    else if (step.do === 'wait') await this.#wait(step.ms)
    else if (step.do === 'let hooks go on') this.#server.letHooksGoOn()
    else if (step.do === 'publish') this.#publish(step)
    else if (step.do === 'drain') this.#drain()
    else this.#close()
  }

  #takeOf (step: Extract<Step, { of: number }>, visit: Visit): void {
    if (!visit.isOpen) this.#open(visit)
    if (step.do === 'say') for (let i = 0; i < step.times; i++) visit.say(step.what)
    else if (step.do === 'end') visit.end()
    else if (step.do === 'fail') visit.fail()
    else if (step.do === 'send all') visit.sendAll(step.events, step.end)
  }

  #takeOfLine (step: Extract<Step, { line: number }>): void {
    const { cable } = this.#cables[step.line] as { cable: Cable }
    if (step.do === 'leave') cable.leave(step.how, step.part)
    else if (step.do === 'stall') cable.stall()
    else if (step.do === 'read') cable.readOn()
    else cable.sip()
  }

  #open (visit: Visit): void {
    visit.isOpen = true
    const { cable, visits } = this.#cables[visit.asked.line] as { cable: Cable, visits: Visit[] }
    // HTTP/1.0 has one request for each connection.
    if (cable.isLeft || cable.destroyed || (visits.length > 0 && [visit, ...visits].some(({ asked }) => asked.version === '1.0'))) return
    visit.isBehind = visits.length > 0
    visits.push(visit)
    visit.wasAsked = true
    visit.publishedBefore = this.#server.published
    visit.resumedFrom = this.#idOf(visit.asked)
    cable.ask(requestOf(visit, this.#visits.indexOf(visit)))
  }

  #idOf ({ comesBack }: Asked): string | undefined {
    const { published, epoch } = this.#server
    if (comesBack === 'with what it has') return `${epoch}.${published}`
    if (comesBack === 'with an older one') return `${epoch}.${Math.max(0, published - 6)}`
    if (comesBack === 'with a forged one') return 'forged.1'
    return comesBack === 'with the end' ? 'stream-end' : undefined
  }

  /** Time passes when nothing else is left to do, and not in one leap: what is written meanwhile has to get out. */
  async #wait (ms: number): Promise<void> {
    this.#waitedMs += ms
    await turns(2)
    for (let left = ms; left > 0; left -= LEAP_MS) {
      this.#clock.advance(Math.min(left, LEAP_MS))
      await turns(1)
    }
  }

  #publish ({ what, times }: Extract<Step, { do: 'publish' }>): void {
    for (let i = 0; i < times; i++) this.#server.publish(what).catch(() => {})
  }

  #drain (): void {
    this.#server.isUsedUp = this.#wasDrained = true
    this.#closing.push(this.#server.app.sse.drain({ overMs: 1_000 }))
  }

  #close (): void {
    this.#server.isUsedUp = this.#wasClosed = true
    this.#closing.push(this.#server.app.close())
  }

  /** All clients read, and nothing more is said. */
  async #settle (): Promise<Played['settled']> {
    for (const { cable } of this.#cables) cable.readOn()
    this.#server.letHooksGoOn()
    await turns(4)
    this.#server.letHooksGoOn()
    await turns(4)
    this.#read()
    return this.#firstOpen().map(visit => ({ visit, taken: visit.taken, got: visit.numbers.length, lastEventId: visit.lastEventId ?? visit.resumedFrom }))
  }

  /** Those whose answers are not held up by another one on their connection. */
  #firstOpen (): Visit[] {
    return this.#cables.flatMap(({ visits, cable }) => {
      const first = visits.find(({ reply }) => reply?.isWhole !== true)
      return first !== undefined && first.opens > 0 && first.records.length === 0 && !cable.isLeft ? [first] : []
    })
  }

  async #endSources (): Promise<Visit[]> {
    if (this.#schedule.end !== 'sources end') return []
    for (const visit of this.#visits) if (visit.wasAsked) visit.end()
    await turns(16)
    return this.#firstOpen().filter(({ asked }) => asked.kind !== 'channel')
  }

  /** @returns Whether the server has come to its end, where it was asked to. */
  async #end (): Promise<boolean> {
    let isClosed = this.#closing.length === 0
    Promise.all(this.#closing).then(() => { isClosed = true }, () => { isClosed = true })
    for (const { cable } of this.#cables) cable.leave('close', 0)
    await turns(2)
    for (const visit of this.#visits) visit.release()
    for (let i = 0; i < TURNS; i++) {
      this.#server.letHooksGoOn()
      await turns(1)
      if (isClosed && i >= REST) break
      if (!isClosed) this.#clock.advance(500)
    }
    this.#clock.advance(60_000) // what tells of refusals rests after it has told
    await turns(2)
    return isClosed
  }

  #read (): void {
    for (const { cable, visits } of this.#cables) {
      const replies = readReplies(cable.received, visits.map(({ asked }) => asked), !cable.isReset && !cable.isLeft)
      for (const [i, reply] of replies.entries()) {
        const visit = visits[i] as Visit
        visit.reply = reply
        if (reply.headers.get('content-type') === 'text/event-stream') Object.assign(visit, readEventStream(reply.body))
      }
    }
  }
}

function requestOf ({ asked, resumedFrom }: Visit, place: number): string {
  const { kind, method, version, accept, user } = asked
  return [
    `${method} /${kind} HTTP/${version}`,
    'Host: test',
    `X-Visit: ${place}`,
    `X-User: ${user}`,
    ...(accept === undefined ? [] : [`Accept: ${accept}`]),
    ...(resumedFrom === undefined ? [] : [`Last-Event-ID: ${resumedFrom}`]),
    ...(method === 'POST' ? ['Content-Length: 0'] : []),
    '', ''
  ].join('\r\n')
}

async function turns (times: number): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise(setImmediate)
}

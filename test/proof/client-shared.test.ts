import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { count, counts } from '../channels/streams.js'
import { Origin, type SharedPage } from '../client/shared-origin.js'
import { loadedApp } from '../helpers/app.js'
import { layCable } from '../helpers/cable.js'
import { SCALE, seeded } from './random.js'

const ROUNDS = 400 * SCALE
const MAX_PAGES = 8

t.setTimeout(60_000 * SCALE)

/** What a page has got must be all of the numbers from some place on, in order. */
class Reader {
  readonly page: SharedPage
  next: number | undefined
  problem: string | undefined

  constructor (page: SharedPage) {
    this.page = page
    page.stream.on('count', got => {
      if (this.next !== undefined && got !== this.next) this.problem ??= `expected ${this.next}, got ${got}`
      this.next = got + 1
    })
    page.stream.on('stream-gap', () => { this.problem ??= 'a gap' })
  }
}

t.test('pages that come, go, crash and freeze get every event once and in order by what they share', async t => {
  const random = seeded(t)
  const { app, listen } = await loadedApp(t, { retryMs: 0 })
  const channel = app.sse.channel('counts', counts, { history: { maxEvents: 100_000 } })
  app.get('/counts', { schema: { response: { 200: counts } } }, request => channel.subscribe(request))
  const { port } = await listen()
  const cable = await layCable(t, port)
  const origin = new Origin(t)
  origin.survives = () => random.chance(0.5)
  origin.latency = () => random.chance(0.2) ? random.below(5) : 0

  const url = `http://127.0.0.1:${cable.port}/counts`
  const readers = new Set<Reader>()
  const thaws: Array<() => void> = []
  const done: Record<string, number> = {}
  let published = 0
  const leave = (how: 'kill' | 'close'): void => {
    // The one that leads is the oldest, as a rule.
    const reader = random.chance(0.6) ? [...readers][0] : random.pick([...readers] as [Reader])
    if (reader === undefined) return
    readers.delete(reader)
    if (how === 'kill') reader.page.kill()
    else reader.page.stream.close()
    t.equal(reader.problem, undefined)
  }
  const actions = {
    open: () => { if (readers.size < MAX_PAGES) readers.add(new Reader(origin.open(url, { maxRetryMs: 1, staleAfterMs: 400 }))) },
    close: () => { leave('close') },
    kill: () => { leave('kill') },
    cut: () => { cable.cut() },
    freeze: () => { if (readers.size > 0) thaws.push(random.pick([...readers] as [Reader]).page.freeze()) },
    thaw: () => { for (const thaw of thaws.splice(0)) thaw() }
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (let n = random.below(20); n > 0; n--) void channel.publish(count(published++))
    const action = random.pick(['open', 'open', 'open', 'close', 'kill', 'kill', 'cut', 'freeze', 'thaw', 'thaw'] as const)
    actions[action]()
    done[action] = (done[action] ?? 0) + 1
    await delay(random.below(12))
  }

  actions.thaw()
  if (readers.size === 0) actions.open()
  const deadlineMs = Date.now() + 20_000
  const isBehind = ({ next, problem }: Reader): boolean => next !== published && problem === undefined
  while ([...readers].some(isBehind) && Date.now() < deadlineMs) {
    // Again and again: who has come last may not have begun yet.
    await channel.publish(count(published++))
    for (let n = 0; n < 50 && [...readers].some(isBehind); n++) await delay(10)
  }
  for (const { next, problem, page } of readers) {
    t.equal(problem, undefined)
    t.equal(next, published, 'everybody has everything')
    page.stream.close()
  }
  t.comment(JSON.stringify({ ...done, published, mostAtTheEnd: channel.subscriberCount() }))
  t.equal(origin.size, 0)
})

import t, { type Test } from 'tap'
import { Type } from '@sinclair/typebox'
import { eventStream } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { decode } from '../helpers/event-stream-client.js'
import { RawClient } from '../helpers/raw-client.js'
import { SCALE } from './random.js'
import { expectSurvival } from './survival.js'

expectSurvival(t)
t.setTimeout(120_000 * SCALE)

const CLIENTS = 300 * SCALE
const MISSED = 600 // more than two pages
const LIVE = 20

const ticks = eventStream({ tick: Type.Integer() })

/** A client that comes back with the last id that it got, whenever its stream ends, until it has an event. */
class Visitor {
  readonly got: number[] = []
  visits = 0
  #id: string

  constructor (id: string) {
    this.#id = id
  }

  async readUpTo (t: Test, port: number, last: number): Promise<void> {
    while (this.got.at(-1) !== last) {
      this.visits++
      const client = new RawClient(t, port).request('/', { headers: ['Accept: text/event-stream', `Last-Event-ID: ${this.#id}`] })
      await client.until(({ text, isComplete, ended }) => isComplete || ended !== undefined || text.includes(`data: ${last}\n\n`))
      const isWhole = client.isComplete
      client.socket.destroy()
      const events = decode(client.body)
      for (const { event, data, id } of events) {
        if (event === 'tick') this.got.push(Number(data))
        else if (event !== 'stream-position') throw new Error(`one got ${event}`)
        this.#id = id ?? this.#id
      }
      if (this.got.at(-1) === last) return
      if (!isWhole) throw new Error('a stream was broken off')
      if (!/\nretry: \d+\n$/.test(client.body)) throw new Error('who is turned away should be told when to come back')
      await new Promise(setImmediate)
    }
  }
}

t.test('when many come back at once and only some may wait, the rest come again, and everybody gets everything once', async t => {
  const { app, logs, listen } = await loadedApp(t, { replayConcurrency: 2, maxWaitingReplays: 20, retryMs: 5, closeSpreadMs: 10 })
  const channel = app.sse.channel('ticks', ticks)
  app.get('/', { schema: { response: { 200: ticks } } }, request => channel.subscribe(request))
  const { port } = await listen()
  const id = await channel.position()
  let n = 0
  const publish = async (count: number): Promise<void> => {
    for (const end = n + count; n < end;) await channel.publish(ticks.event.tick(++n))
  }
  await publish(MISSED)
  const visitors = Array.from({ length: CLIENTS }, () => new Visitor(id))
  const all = Promise.all(visitors.map(async visitor => { await visitor.readUpTo(t, port, MISSED + LIVE) }))
  await publish(LIVE)
  await all
  const expected = Array.from({ length: MISSED + LIVE }, (_, i) => i + 1)
  for (const { got } of visitors) if (got.length !== expected.length || !got.every((each, i) => each === i + 1)) t.strictSame(got, expected)

  const visits = visitors.reduce((sum, visitor) => sum + visitor.visits, 0)
  const closed = logs.flatMap(({ stream }) => stream === undefined ? [] : [stream['reason']])
  const overloaded = closed.filter(reason => reason === 'overloaded').length
  t.ok(overloaded > 0, `${overloaded} were turned away`)
  t.equal(visits, CLIENTS + overloaded, 'and come back each time')
  t.strictSame(logs.filter(({ level }) => level >= 40), [])
})

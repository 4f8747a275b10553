import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { eventStream } from 'fastify-typed-sse'
import { setTimeout } from 'node:timers/promises'
import { enter } from './generators.js'
import { Market } from './market.js'
import { whileRead } from './while-read.js'

/** How often prices change, all at once. */
const STEP_MS = 50
/** How many change at a time: some 4 000 in a second. */
const PER_STEP = 200
/** They change for this many steps, */
const BURST_STEPS = 80
/** and rest for this long, in which a slow reader can be seen to have all of the newest. */
const REST_MS = 2_000
/** How often it is told how many there were. */
const COUNT_STEPS = 10

export const quotes = eventStream({
  quote: Type.Object({
    symbol: Type.String(),
    price: Type.Number(),
    update: Type.Integer({ description: 'How many there were of this symbol' })
  }),
  count: Type.Object({
    updates: Type.Integer({ description: 'How many there were of all symbols' }),
    isResting: Type.Boolean({ description: 'Whether there will be none for a while' })
  })
}, { description: 'The newest prices of 500 symbols' })

const { quote, count } = quotes.event

/**
 * The newest price of every symbol. Who can't keep up with all changes gets fewer of them, and the newest of each
 * symbol all the same.
 */
export const tickerRoute: FastifyPluginAsyncTypebox = async app => {
  const market = new Market()
  const ticker = app.sse.channel('ticker', quotes, {
    retain: 'latest',
    key: ({ event, data }) => event === 'quote' ? data.symbol : event
  })

  whileRead(ticker, async signal => {
    const leave = enter('ticker')
    const tell = async (isResting: boolean): Promise<void> => { await ticker.publish(count({ updates: market.updates, isResting })) }
    try {
      while (true) {
        for (let step = 1; step <= BURST_STEPS; step++) {
          for (const each of market.move(PER_STEP)) await ticker.publish(quote(each))
          if (step % COUNT_STEPS === 0) await tell(step === BURST_STEPS)
          await setTimeout(STEP_MS, undefined, { signal })
        }
        await setTimeout(REST_MS, undefined, { signal })
      }
    } finally {
      leave()
    }
  }, err => { app.log.error({ err }, 'the ticker has failed') })

  app.get('/ticker', {
    schema: { response: { 200: quotes } }
  }, request => ticker.subscribe(request))

  // A reader that takes a few events and pauses. It is here and not in the page, since a page that pauses does not slow
  // the server down for long: Chromium 156 takes 64 MB ahead of it, minutes of this ticker.
  app.get('/ticker/slow', {
    schema: { response: { 200: quotes } }
  }, async function * (request, reply) {
    const { signal } = reply.sse
    let taken = 0
    for await (const event of ticker.subscribe(request)) {
      yield event
      if (++taken % 25 === 0) await setTimeout(STEP_MS, undefined, { signal })
    }
  })
}

import t from 'tap'
import { SingleFlight } from '../../lib/brokers/single-flight.js'
import { deferred } from '../helpers/deferred.js'

t.test('those who ask in one tick share an answer, those who come while it is on its way share the next', async t => {
  const gates = [deferred(), deferred(), deferred()]
  let asked = 0
  const flight = new SingleFlight(async () => {
    const number = asked++
    await gates[number]?.promise
    return number
  })
  const first = [flight.run(), flight.run()]
  await new Promise(resolve => setImmediate(resolve))
  const second = [flight.run(), flight.run()]
  await new Promise(resolve => setImmediate(resolve))
  t.equal(asked, 1)
  gates[0]?.resolve()
  t.strictSame(await Promise.all(first), [0, 0])
  gates[1]?.resolve()
  t.strictSame(await Promise.all(second), [1, 1])
  gates[2]?.resolve()
  t.equal(await flight.run(), 2)
})

t.test('who asks after an answer gets another one, also after one that has failed', async t => {
  let asked = 0
  const flight = new SingleFlight(async () => {
    if (++asked === 1) throw new Error('away')
    return asked
  })
  const outcomes = await Promise.allSettled([flight.run(), flight.run()])
  t.match(outcomes, [{ reason: { message: 'away' } }, { reason: { message: 'away' } }])
  t.equal(await flight.run(), 2)
  t.equal(await flight.run(), 3)
})

import t from 'tap'
import { Wakeup } from '../../lib/inspector/wakeup.js'

t.test('resolves with the next call', async t => {
  const wakeup = new Wakeup()
  let isAwake = false
  const next = wakeup.next().then(() => { isAwake = true })
  await new Promise(setImmediate)
  t.equal(isAwake, false)
  wakeup.call()
  await next
})

t.test('calls that come while nobody waits are one', async t => {
  const wakeup = new Wakeup()
  wakeup.call()
  wakeup.call()
  await wakeup.next()
  let isAwake = false
  void wakeup.next().then(() => { isAwake = true })
  await new Promise(setImmediate)
  t.equal(isAwake, false)
})

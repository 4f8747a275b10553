import { once } from 'node:events'
import { PermissionViolationError } from '@nats-io/nats-core'
import t from 'tap'
import { Away, Lost, Refusal } from '../../../lib/brokers/nats/trouble.js'
import { errorOf, FakeNats } from './fake-nats.js'

const listener = { onLost () {}, onBack () {} }

t.test('answers go to who has asked, and what nobody has asked for to nobody', async t => {
  const nats = new FakeNats(t)
  const link = nats.link()
  link.add(listener)
  nats.onSent = ({ text }) => [{ subject: 'to-nobody' }, { text: JSON.stringify({ answer: text }) }, { text: 'late' }]
  t.strictSame(await Promise.all([link.call('A', { a: 1 }, 1_000), link.call('B', {}, 1_000)]), [{ answer: '{"a":1}' }, { answer: '{}' }])
  t.match(nats.sent[0]?.reply, /^_INBOX\./)
})

t.test('an error of JetStream has its number and its words, where there are any', async t => {
  const nats = new FakeNats(t)
  const link = nats.link()
  link.add(listener)
  nats.onSent = () => errorOf(400)
  const refusal = await link.call('A', {}, 1_000).catch((error: unknown) => error) as Refusal
  t.ok(refusal instanceof Refusal)
  t.strictSame([refusal.message, refusal.code], ['error 400', 0])
  nats.onSent = () => errorOf(503, 10_008)
  await t.rejects(link.call('A', {}, 1_000), new Away('error 503'))
  nats.onSent = () => ({ code: 503 })
  await t.rejects(link.call('A', {}, 1_000), new Away('JetStream is not there'))
  nats.onSent = () => undefined
  await t.rejects(link.call('A', {}, 10), new Away('NATS did not answer for 10 ms'))
})

t.test('nothing is sent while there is no connection, or nobody knows to which server', async t => {
  const nats = new FakeNats(t)
  const link = nats.link()
  t.equal(link.term, undefined)
  link.add(listener)
  t.match(link.term, /^[\w-]{6}$/)
  t.equal(link.maxPayload, 1_000)
  nats.info = undefined
  t.equal(link.term, undefined)
  t.equal(link.maxPayload, Infinity)
  await t.rejects(link.call('A', {}, 1_000), new Lost())
  t.strictSame(nats.sent, [])
})

t.test('who has asked is told when the connection is lost', async t => {
  const nats = new FakeNats(t)
  const link = nats.link()
  let isLost = false
  link.add({ onLost: () => { isLost = true }, onBack () {} })
  const asked = link.call('A', {}, 1_000)
  nats.say({ type: 'disconnect', server: '' })
  await t.rejects(asked, new Lost())
  t.ok(isLost)
  t.equal(link.term, undefined)
})

t.test('who waits for the connection goes on when it is back, and when it will never be', async t => {
  const nats = new FakeNats(t)
  const link = nats.link()
  let isBack = false
  link.add({ onLost () {}, onBack: () => { isBack = true } })
  for (const type of ['reconnect', 'close'] as const) {
    const paused = link.pause(60_000)
    nats.say({ type, server: '' })
    await paused
    t.equal(link.term === undefined, type === 'close')
  }
  t.ok(isBack)
})

t.test('a subject that is refused is that of the oldest request for it', async t => {
  const nats = new FakeNats(t)
  const link = nats.link()
  link.add(listener)
  const [other, first, second] = [link.call('B', {}, 1_000), link.call('A', {}, 1_000), link.call('A', {}, 1_000)]
  const answered = Promise.allSettled([other, second])
  nats.say({ type: 'error', error: new Error('something else') })
  await new Promise(resolve => setImmediate(resolve))
  nats.say({ type: 'error', error: new PermissionViolationError('no', 'publish', '$JS.API.A') })
  await t.rejects(first, new Refusal('no'))
  nats.say({ type: 'error', error: new PermissionViolationError('no', 'publish', '$JS.API.C') })
  nats.onSent = () => ({ text: '{}' })
  for (const { reply } of nats.sent) nats.send({ subject: reply, text: '{}' })
  t.strictSame((await answered).map(({ status }) => status), ['fulfilled', 'fulfilled'])
})

t.test('a follower that throws does not end the reading of the connection', async t => {
  const nats = new FakeNats(t)
  const link = nats.link()
  const got: string[] = []
  link.subscribe('live.>', ({ data }) => {
    got.push(Buffer.from(data).toString())
    if (got.length === 1) throw new Error('of the follower')
  })
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const thrown = once(process, 'uncaughtException')
  nats.send({ subject: 'live.a', text: 'a' })
  nats.send({ subject: 'live.a', text: 'b' })
  nats.fail(new Error('of the subscription'))
  t.strictSame(await thrown, [new Error('of the follower'), 'uncaughtException'])
  for (const listener of listeners) process.on('uncaughtException', listener)
  t.strictSame(got, ['a', 'b'])
})

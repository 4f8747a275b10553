import type { ServerInfo } from '@nats-io/nats-core'
import t from 'tap'
import { encodeRecord } from '../../../lib/brokers/nats/payload.js'
import { termOf } from '../../../lib/brokers/nats/term.js'
import { dataOf, note } from '../conformance/harness.js'
import { Recorder } from '../conformance/recorder.js'
import { errorOf, FakeNats, infoOf, type Answer, type Sent } from './fake-nats.js'

/** Of the server that answers. */
const TERM = termOf({ server_id: 'NA', jetstream: true } as ServerInfo)

const UNAVAILABLE = { code: 'FST_ERR_SSE_BROKER_UNAVAILABLE' }

/** Answers for a stream that has messages up to this. */
function stream (last: number, { subject, text }: Sent): Answer | undefined {
  if (subject.startsWith('$JS.API.STREAM.INFO')) return infoOf(last)
  if (subject.startsWith('$JS.API.CONSUMER') || subject.startsWith('$JS.API.STREAM.UPDATE')) return { text: '{}' }
  if (!subject.startsWith('$JS.API.STREAM.MSG.GET')) return undefined
  const seq = (JSON.parse(text) as { seq?: number }).seq ?? last
  return { text: JSON.stringify({ message: { seq, data: payload(seq).toString('base64') } }) }
}

function payload (seq: number): Buffer {
  return encodeRecord(TERM, note(`${seq}`))
}

t.test('what the stream does not take yet is sent again, in order', async t => {
  const nats = new FakeNats(t)
  const stored: string[] = []
  let misses = 3
  nats.onSent = sent => {
    if (!sent.subject.startsWith('sse.log.')) return stream(0, sent)
    if (misses-- > 0) return { code: 503 }
    stored.push(sent.text)
    return { text: JSON.stringify({ seq: stored.length }) }
  }
  const log = nats.log()
  const positions = await Promise.all(['a', 'b', 'c', 'd'].map(async data => await log.append(note(data))))
  t.strictSame(positions.map(({ offset }) => offset), [1, 2, 3, 4])
  t.strictSame(stored.map(text => text.at(-1)), ['a', 'b', 'c', 'd'])
})

t.test('until one was stored, nothing overtakes it', async t => {
  const nats = new FakeNats(t)
  const stored: string[] = []
  const calls: Array<Promise<unknown>> = []
  nats.onSent = sent => {
    if (!sent.subject.startsWith('sse.log.')) return stream(0, sent)
    if (calls.length === 1) {
      calls.push(log.append(note('b')), log.append(note('c')))
      return { code: 503 }
    }
    stored.push(sent.text.at(-1) as string)
    return { text: JSON.stringify({ seq: stored.length }) }
  }
  const log = nats.log()
  calls.push(log.append(note('a')))
  await calls[0]
  await Promise.all(calls)
  t.strictSame(stored, ['a', 'b', 'c'])
})

t.test('what was not stored while a later one was is not stored after that', async t => {
  const nats = new FakeNats(t)
  const stored: string[] = []
  const refuses = new Set<string>()
  nats.onSent = sent => {
    if (!sent.subject.startsWith('sse.log.')) return stream(0, sent)
    const data = sent.text.at(-1) as string
    if (refuses.delete(data)) return { code: 503 }
    stored.push(data)
    return { text: JSON.stringify({ seq: stored.length }) }
  }
  const log = nats.log()
  await log.append(note('a'))
  refuses.add('b').add('c').add('e')
  const calls = await Promise.allSettled(['b', 'c', 'd', 'e'].map(async data => await log.append(note(data))))
  t.strictSame(stored, ['a', 'd', 'e'])
  t.strictSame(calls.map(call => call.status === 'rejected' ? (call.reason as { code: string }).code : call.value.offset), [UNAVAILABLE.code, UNAVAILABLE.code, 2, 3])
})

t.test('what a stream never takes was not stored', async t => {
  const nats = new FakeNats(t)
  nats.onSent = sent => sent.subject.startsWith('sse.log.') ? { code: 503 } : stream(0, sent)
  await t.rejects(nats.log().append(note('a')), UNAVAILABLE)
})

t.test('a record without a key has the subject of none in a log of latest values', async t => {
  const nats = new FakeNats(t)
  nats.onSent = sent => sent.subject.startsWith('sse.log.') ? { text: '{"seq":1}' } : stream(1, sent)
  const log = nats.log({ retention: { latest: true, maxKeys: 10 } })
  t.equal((await log.append(note('a'))).offset, 1)
  t.match(nats.sent.find(({ subject }) => subject.startsWith('sse.log.'))?.subject, /\.key-[\w-]{22}$/)
})

t.test('the first message of a log of latest values is stored before all others', async t => {
  const nats = new FakeNats(t)
  const answers: Answer[] = [{ code: 503 }, errorOf(400, 10_071)]
  nats.onSent = sent => {
    if (!sent.subject.startsWith('sse.log.')) return stream(0, sent)
    return sent.subject.endsWith('.start') ? answers.shift() : { text: '{"seq":2}' }
  }
  const log = nats.log({ retention: { latest: true, maxKeys: 10 } })
  t.equal((await log.append(note('a', { key: 'k' }))).offset, 2)
  t.strictSame(answers, [], 'also where somebody else was first')
})

t.test('a replica that is behind is asked again, and for some time only', async t => {
  const nats = new FakeNats(t)
  let asked = 0
  let hasIt = 3
  nats.onSent = sent => {
    if (!sent.subject.startsWith('$JS.API.CONSUMER.MSG.NEXT')) return stream(2, sent)
    asked++
    if (hasIt-- > 0) return { code: 404 }
    const reply = (seq: number): string => `$JS.ACK.s.${sent.reply.split('.').at(-1) as string}.1.${seq}.1.0.0`
    return [1, 2].map(seq => ({ subject: 'to-consumer', reply: reply(seq), text: payload(seq).toString() })).concat({ code: 408 } as never)
  }
  const log = nats.log()
  t.strictSame(dataOf((await log.read(undefined, 10)).records), ['1', '2'])
  t.equal(asked, 4)
  hasIt = Infinity
  await t.rejects(log.read(undefined, 10), UNAVAILABLE)
})

t.test('a read that JetStream does not answer, can not answer or refuses fails', async t => {
  for (const [answer, code] of [
    [undefined, UNAVAILABLE.code],
    [{ code: 503 }, UNAVAILABLE.code],
    [{ code: 400 }, 'FST_ERR_SSE_BROKER_FAILED']
  ] as const) {
    const nats = new FakeNats(t)
    nats.onSent = sent => sent.subject.startsWith('$JS.API.CONSUMER.MSG.NEXT') ? answer : stream(2, sent)
    await t.rejects(nats.log().read(undefined, 10), { code })
  }
})

t.test('a gap is read from the stream, also one that is found while the end is asked for', async t => {
  const nats = new FakeNats(t)
  let last = 1
  let isSlow = false
  let isDeaf = true
  const held: Sent[] = []
  let from = 1
  const answerTo = (sent: Sent): Answer | Answer[] | undefined => {
    if (sent.subject.startsWith('$JS.API.CONSUMER.CREATE')) from = (JSON.parse(sent.text) as { config: { opt_start_seq: number } }).config.opt_start_seq
    if (!sent.subject.startsWith('$JS.API.CONSUMER.MSG.NEXT')) return stream(last, sent)
    if (isDeaf) {
      isDeaf = false
      return undefined // once, and is asked again
    }
    const name = sent.reply.split('.').at(-1) as string
    return Array.from({ length: last - from + 1 }, (_, index): Answer => ({ subject: 'to-consumer', reply: `$JS.ACK.s.${name}.1.${from + index}.1.0.0`, text: payload(from + index).toString() })).concat({ code: 408 })
  }
  const log = nats.log()
  const recorder = new Recorder(log)
  nats.onSent = sent => {
    const isInfo = sent.subject.startsWith('$JS.API.STREAM.INFO')
    if (isInfo && recorder.records.at(-1)?.data === '5') last = 7
    if (!isSlow || !isInfo) return answerTo(sent)
    held.push(sent)
    return undefined
  }
  const live = (seq: number): void => {
    last = Math.max(last, seq)
    nats.send({ subject: (nats.sent.find(({ subject }) => subject.startsWith('$JS.API.STREAM.INFO'))?.subject.replace('$JS.API.STREAM.INFO.sse-', 'sse.live.') as string) + '.event', seq, text: payload(seq).toString() })
  }
  await recorder.begun()
  live(2)
  live(4) // 3 is missing
  await recorder.reached({ epoch: '', offset: 4 })
  isSlow = true
  live(3) // one that it has: asks for the end
  while (held.length === 0) await new Promise(resolve => setImmediate(resolve))
  live(5)
  live(7) // 6 is missing
  isSlow = false
  last = 5
  for (const { reply } of held) nats.send({ subject: reply, ...infoOf(5) })
  await recorder.reached({ epoch: '', offset: 7 })
  t.strictSame(dataOf(recorder.records), ['2', '3', '4', '5', '6', '7'])
  t.strictSame(recorder.problems, [])
  recorder.stop()
})

t.test('somebody else may make the stream at the same time, with other limits', async t => {
  const nats = new FakeNats(t)
  const answers: Answer[] = [errorOf(404, 10_059), errorOf(400, 10_058)]
  nats.onSent = sent => {
    if (sent.subject.startsWith('$JS.API.STREAM.INFO') || sent.subject.startsWith('$JS.API.STREAM.CREATE')) return answers.shift() ?? stream(3, { ...sent, subject: '$JS.API.STREAM.INFO' })
    return stream(3, sent)
  }
  t.equal((await nats.log().head()).offset, 3)
  t.equal(nats.sent.filter(({ subject }) => subject.startsWith('$JS.API.STREAM.CREATE')).length, 1)
})

t.test('a connection that is lost before the first message is stored leaves no log without one', async t => {
  const nats = new FakeNats(t)
  const { info } = nats
  const stored: string[] = []
  nats.onSent = sent => {
    if (sent.subject.startsWith('$JS.API.STREAM.UPDATE') && info === nats.info) {
      nats.info = undefined
      setImmediate(() => { nats.info = { ...info as NonNullable<typeof info> } })
    }
    if (!sent.subject.startsWith('sse.log.')) return stream(0, sent)
    stored.push(sent.subject.split('.').at(-1) as string)
    return { text: JSON.stringify({ seq: stored.length }) }
  }
  await nats.log({ retention: { latest: true, maxKeys: 10 } }).append(note('a', { key: 'k' }))
  t.equal(stored.length, 2)
  t.equal(stored[0], 'start')
})

t.test('a log is closed when its consumers are deleted', async t => {
  const nats = new FakeNats(t)
  const deletes: Sent[] = []
  nats.onSent = sent => {
    if (sent.subject.startsWith('$JS.API.CONSUMER.MSG.NEXT')) return { code: 404 }
    if (!sent.subject.startsWith('$JS.API.CONSUMER.DELETE')) return stream(0, sent)
    deletes.push(sent)
    return undefined
  }
  const log = nats.log()
  await log.read(undefined, 1)
  let isClosed = false
  const closed = log.close().then(() => { isClosed = true })
  await new Promise(resolve => setImmediate(resolve))
  t.equal(isClosed, false)
  t.equal(deletes.length, 1)
  for (const { reply } of deletes) nats.send({ subject: reply, text: '{}' })
  await closed
})

t.test('what came before the connection was lost is not taken for what comes after', async t => {
  const nats = new FakeNats(t)
  let isSlow = false
  nats.onSent = sent => isSlow && sent.subject.startsWith('$JS.API.STREAM.INFO') ? undefined : stream(1, sent)
  const log = nats.log()
  const recorder = new Recorder(log)
  await recorder.begun()
  const info = nats.sent.find(({ subject }) => subject.startsWith('$JS.API.STREAM.INFO'))?.subject as string
  const live = (seq: number, data: string): void => {
    nats.send({ subject: info.replace('$JS.API.STREAM.INFO.sse-', 'sse.live.') + '.event', seq, text: encodeRecord(TERM, note(data)).toString() })
  }
  isSlow = true
  live(1, 'again') // asks for the end
  live(2, 'gone')
  nats.say({ type: 'disconnect', server: '' })
  await new Promise(resolve => setImmediate(resolve))
  isSlow = false
  nats.say({ type: 'reconnect', server: '' })
  await new Promise(resolve => setImmediate(resolve))
  live(2, 'kept')
  await recorder.reached({ epoch: '', offset: 2 })
  t.strictSame(dataOf(recorder.records), ['kept'])
  recorder.stop()
})

t.test('a read that is under way when the connection is lost is asked again', async t => {
  const nats = new FakeNats(t)
  let reads = 0
  nats.onSent = sent => {
    if (!sent.subject.startsWith('$JS.API.CONSUMER.MSG.NEXT')) return stream(0, sent)
    if (++reads > 1) return { code: 404 }
    nats.say({ type: 'disconnect', server: '' })
    setImmediate(() => { nats.say({ type: 'reconnect', server: '' }) })
    return undefined
  }
  t.equal((await nats.log().read(undefined, 1)).through, 0)
  t.equal(reads, 2)
})

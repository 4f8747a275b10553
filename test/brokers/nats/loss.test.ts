import type { JetStreamManager } from '@nats-io/jetstream'
import type { ServerInfo } from '@nats-io/nats-core'
import t, { type Test } from 'tap'
import { encodeLoss, encodeRecord } from '../../../lib/brokers/nats/payload.js'
import { termOf } from '../../../lib/brokers/nats/term.js'
import type { Log, Position } from '../../../types/broker.js'
import { appendAll, dataOf, eventually, note, numbered, readAll, uniqueName } from '../conformance/harness.js'
import { Recorder } from '../conformance/recorder.js'
import { isLost } from '../conformance/reading.js'
import { type Answer, errorOf, FakeNats, infoOf, type Sent } from './fake-nats.js'
import { type Nats, startFor } from './fixtures.js'

t.test('what a server has forgotten is told to all who have not got it, and to those who have, also when other events have taken its places', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker())
  const recorder = new Recorder(log)
  const begin = await recorder.begun()
  const kept = await appendAll(log, numbered(5, 'kept'))
  const restore = nats.saveDisk()
  const forgotten = await appendAll(log, numbered(5, 'forgotten'))
  await recorder.reached(forgotten.at(-1) as Position)
  await restore()
  const later = await appendAll(log, numbered(7, 'later'))
  t.equal(later[0]?.offset, 7, 'the word of the loss stands before')
  for (const [index, position] of [begin, ...kept].entries()) await meetsLoss(t, log, position, numbered(5, 'kept').slice(index))
  for (const position of forgotten) await isLost(t, log, position)
  for (const [index, position] of later.entries()) t.strictSame(dataOf(await readAll(log, position)), numbered(7, 'later').slice(index + 1))
  const { epoch } = later[0] as Position
  t.strictSame(dataOf(await readAll(log, { epoch, offset: 6 })), numbered(7, 'later'))
  await meetsLoss(t, log, { epoch, offset: 3 }, numbered(5, 'kept').slice(3))
  await recorder.reached(later.at(-1) as Position)
  const { offset } = recorder.begins.at(-1) as Position
  t.ok(offset >= 6)
  t.strictSame(recorder.begins.slice(1).filter(({ offset }) => offset < 6), [], 'nobody is told twice')
  t.strictSame(dataOf(recorder.records.filter(record => record.data.startsWith('later'))), numbered(7, 'later').slice(offset - 6))
})

t.test('who reads from the start is not told, however small its pages', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker())
  await lose(nats, log, { kept: 5, forgotten: 3 })
  await log.append(note('between'))
  await lose(nats, log, { kept: 0, forgotten: 2 })
  await appendAll(log, numbered(3, 'later'))
  const all = [...numbered(5, 'kept'), 'between', ...numbered(3, 'later')]
  for (const limit of [1, 2, 3, 5, 100]) t.strictSame(dataOf(await readAll(log, undefined, limit)), all)
  const page = await log.read(undefined, 2)
  const place = { epoch: page.epoch, offset: page.through }
  t.match(page.epoch, /^[\w-]{1,32}$/)
  t.strictSame(dataOf(await readAll(log, place)), all.slice(2), 'nor when it comes back in between')
  await lose(nats, log, { kept: 0, forgotten: 2 })
  await isLost(t, log, place) // of which nobody knows any more whether it had been told
})

t.test('an instance that was not there, and one that only reads, know it from one that was', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const name = uniqueName()
  const open = async (): Promise<Log> => nats.open(await nats.broker(), { name })
  const [publishes, reads, quiet] = [await open(), await open(), await open()]
  const [kept] = await appendAll(publishes, ['kept']) as [Position]
  const restore = nats.saveDisk()
  const recorder = new Recorder(reads)
  await recorder.begun()
  const forgotten = await publishes.append(note('forgotten'))
  await recorder.reached(forgotten)
  await restore()
  for (const log of [quiet, reads, publishes]) {
    await eventually(async () => await log.head().then(({ offset }) => offset === 2, () => false), 'one word is left, and all know it')
  }
  const late = await open()
  for (const log of [late, reads, publishes, quiet]) {
    await isLost(t, log, kept)
    await isLost(t, log, forgotten)
  }
  await recorder.reached(await publishes.append(note('later')))
  t.strictSame(dataOf(recorder.records), ['forgotten', 'later'])
  t.equal((await late.head()).offset, 3, 'there is one word')
})

t.test('it is enough that an instance knows which does nothing any more', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const name = uniqueName()
  const [knows, other] = [nats.open(await nats.broker(), { name }), nats.open(await nats.broker(), { name })]
  const [kept] = await appendAll(knows, ['kept']) as [Position]
  const follower = new Recorder(other)
  await follower.begun()
  const restore = nats.saveDisk()
  await knows.append(note('forgotten'))
  follower.stop()
  await restore()
  await eventually(async () => await other.read(kept, 1).then(({ lost }) => lost, () => false), 'it is told')
})

t.test('who follows, and had not got what is gone, begins behind the word of it', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const name = uniqueName()
  const [log, knows] = [nats.open(await nats.broker(), { name }), nats.open(await nats.broker(), { name })]
  const [kept] = await appendAll(knows, ['kept']) as [Position]
  const restore = nats.saveDisk()
  const [, second] = await appendAll(knows, numbered(2, 'forgotten')) as [Position, Position]
  await knows.close() // and so the word comes late
  await restore()
  const recorder = new Recorder(log)
  t.strictSame(await recorder.begun(), kept)
  const first = await log.append(note('first'))
  await recorder.reached(first)
  const manager = await nats.manager()
  const { config } = await manager.streams.info(await nats.streamOf(manager))
  await (await nats.connect()).request((config.subjects[0] as string).replace('>', 'lost'), encodeLoss(first.epoch.split('_')[1] as string))
  await recorder.reached({ ...first, offset: first.offset + 1 })
  t.strictSame(recorder.begins.at(-1), { epoch: first.epoch, offset: first.offset + 1 })
  await meetsLoss(t, log, kept, ['first'])
  await isLost(t, log, first)
  await isLost(t, log, second)
  await recorder.reached(await log.append(note('later')))
  t.strictSame(dataOf(recorder.records), ['first', 'later'])
})

t.test('where nobody is left who knows what a server has forgotten, those who have got it are told', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const name = uniqueName()
  const before = nats.open(await nats.broker(), { name })
  const kept = await appendAll(before, numbered(5, 'kept'))
  const restore = nats.saveDisk()
  const forgotten = await appendAll(before, numbered(5, 'forgotten'))
  await before.close()
  await restore()
  const log = nats.open(await nats.broker(), { name })
  const later = await appendAll(log, numbered(7, 'later'))
  t.strictSame(later.slice(0, 5).map(({ offset }) => offset), forgotten.map(({ offset }) => offset), 'the numbers are the same')
  for (const position of forgotten) await isLost(t, log, position)
  t.strictSame(dataOf(await readAll(log, kept[1])), [...numbered(5, 'kept').slice(2), ...numbered(7, 'later')])
  const { epoch, records, through } = await log.read(kept[1], 100)
  t.strictSame({ epoch, data: dataOf(records), through }, { epoch: kept[0]?.epoch, data: numbered(5, 'kept').slice(2), through: kept[4]?.offset }, 'a page is of one epoch')
})

t.test('what has taken the places already does not hide what is gone', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const name = uniqueName()
  const connection = await nats.connect({ reconnectTimeWait: 1_500 })
  const [knows, fast] = [nats.open(await nats.broker({ connection }), { name }), nats.open(await nats.broker(), { name })]
  const [kept] = await appendAll(knows, ['kept']) as [Position]
  const restore = nats.saveDisk()
  await appendAll(knows, numbered(2, 'forgotten'))
  await restore()
  await eventually(async () => await fast.head().then(() => true, () => false), 'it is back')
  const others = await appendAll(fast, numbered(4, 'other'))
  t.equal(others[0]?.offset, 2)
  await eventually(async () => await knows.head().then(({ offset }) => offset === 6, () => false), 'it is told')
  await meetsLoss(t, fast, kept, numbered(4, 'other'))
  await meetsLoss(t, fast, others[1] as Position, ['other 2', 'other 3'])
  t.strictSame(dataOf(await readAll(fast)), ['kept', ...numbered(4, 'other')])
})

t.test('a log that retains the latest knows what its server has forgotten', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker(), { retention: { latest: true, maxKeys: 10 } })
  const store = async (key: string): Promise<Position> => await log.append({ event: 'set', data: key, key })
  const kept = [await store('a'), await store('b'), await store('c')]
  const restore = nats.saveDisk()
  const forgotten = await store('d')
  await restore()
  const later = await store('e')
  for (const [index, position] of kept.entries()) await meetsLoss(t, log, position, ['b', 'c'].slice(index))
  await isLost(t, log, forgotten)
  t.strictSame(dataOf(await readAll(log, later)), [])
  for (const limit of [1, 2, 10]) t.strictSame(dataOf(await readAll(log, undefined, limit)), ['a', 'b', 'c', 'e'])
})

t.test('a server that has all it had is not suspected, whatever was dropped', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker())
  const positions = await appendAll(log, numbered(5))
  const drops: Array<(manager: JetStreamManager, stream: string) => Promise<unknown>> = [
    async () => {},
    async (manager, stream) => await manager.streams.deleteMessage(stream, 5),
    async (manager, stream) => await manager.streams.purge(stream)
  ]
  for (const drop of drops) {
    const manager = await nats.manager()
    await drop(manager, await nats.streamOf(manager))
    await nats.server.kill()
    await nats.server.restart()
    await eventually(async () => await log.head().then(() => true, () => false), 'it is back')
    t.equal((await log.head()).offset, positions.at(-1)?.offset, 'there is no word')
  }
})

/** Of the server that answers. */
const TERM = termOf({ server_id: 'NA', jetstream: true } as ServerInfo)

/** A server that was restarted, and lacks what it has confirmed. */
async function forgetful (t: Test, onSent: (sent: Sent) => Answer | 'silence' | undefined): Promise<{ nats: FakeNats, log: Log, sent: () => string[] }> {
  const nats = new FakeNats(t)
  nats.onSent = sent => {
    const answer = nats.info?.server_id === 'NB' ? onSent(sent) : undefined
    if (answer !== undefined) return answer === 'silence' ? undefined : answer
    if (sent.subject.startsWith('$JS.API.STREAM.INFO')) return infoOf(0)
    if (sent.subject.startsWith('$JS.API.STREAM.MSG.GET')) return errorOf(404, 10_037)
    if (sent.subject.startsWith('sse.log.')) return { text: '{"seq":1}' }
    return { text: '{}' }
  }
  const log = nats.log()
  t.teardown(async () => { await log.close() })
  await log.append(note('a'))
  nats.say({ type: 'disconnect', server: '' })
  await new Promise(resolve => setImmediate(resolve))
  nats.info = { ...nats.info as NonNullable<FakeNats['info']>, server_id: 'NB' }
  nats.sent.length = 0
  nats.say({ type: 'reconnect', server: '' })
  await new Promise(resolve => setImmediate(resolve))
  return { nats, log, sent: () => nats.sent.filter(({ subject }) => subject.startsWith('sse.log.')).map(({ subject }) => subject.split('.').at(-1) as string) }
}

t.test('a word that is not answered is left again, and events do not wait for that', async t => {
  let words = 0
  const { log, sent } = await forgetful(t, ({ subject }) => subject.endsWith('.lost') && words++ === 0 ? 'silence' : undefined)
  await log.append(note('b'))
  await eventually(async () => words === 2, 'it is left again')
  await log.head()
  t.strictSame(sent(), ['lost', 'event', 'lost'])
})

t.test('a word that is refused is not left again', async t => {
  const { log, sent } = await forgetful(t, ({ subject }) => subject.endsWith('.lost') ? errorOf(400, 10_000) : undefined)
  await log.append(note('b'))
  await log.head()
  t.strictSame(sent(), ['lost', 'event'])
})

t.test('a word that was left already is enough', async t => {
  const data = encodeLoss(termOf({ server_id: 'NB', jetstream: true } as ServerInfo)).toString('base64')
  const { log, sent } = await forgetful(t, ({ subject, text }) => {
    if (!subject.startsWith('$JS.API.STREAM.MSG.GET') || !text.includes('.lost')) return undefined
    return { text: JSON.stringify({ message: { seq: 1, data } }) }
  })
  await log.append(note('b'))
  t.strictSame(sent(), ['event'])
})

t.test('a connection that is lost before the answer is waited for', async t => {
  let losses = 0
  const { nats, log, sent } = await forgetful(t, ({ subject }) => {
    if (!subject.endsWith('.lost') || losses++ > 0) return undefined
    setImmediate(() => {
      nats.say({ type: 'disconnect', server: '' })
      setImmediate(() => { nats.say({ type: 'reconnect', server: '' }) })
    })
    return 'silence'
  })
  await log.append(note('b'))
  t.strictSame(sent(), ['lost', 'lost', 'event'])
})

t.test('one process of a server is not suspected', async t => {
  const nats = new FakeNats(t)
  nats.onSent = sent => {
    if (sent.subject.startsWith('$JS.API.STREAM.INFO')) return infoOf(0)
    if (sent.subject.startsWith('$JS.API.STREAM.MSG.GET')) return { text: JSON.stringify({ message: { seq: 1, data: encodeRecord(TERM, note('a')).toString('base64') } }) }
    return { text: sent.subject.startsWith('sse.log.') ? '{"seq":1}' : '{}' }
  }
  const log = nats.log()
  await log.append(note('a'))
  nats.say({ type: 'disconnect', server: '' })
  await new Promise(resolve => setImmediate(resolve))
  nats.sent.length = 0
  nats.say({ type: 'reconnect', server: '' })
  await new Promise(resolve => setImmediate(resolve))
  await log.close()
  t.notOk(nats.sent.some(({ subject }) => subject.startsWith('$JS.API.STREAM.MSG.GET') || subject.endsWith('.lost')))
})

/** Stores events, and lets the server forget the last of them. Resolves when that is told. */
async function lose (nats: Nats, log: Log, { kept, forgotten }: { kept: number, forgotten: number }): Promise<void> {
  await appendAll(log, numbered(kept, 'kept'))
  const { offset } = await log.head()
  const restore = nats.saveDisk()
  await appendAll(log, numbered(forgotten, 'forgotten'))
  await restore()
  await eventually(async () => await log.head().then(head => head.offset === offset + 1, () => false), 'it is told')
}

/** Reads what there is up to the word of a loss. */
async function meetsLoss (t: Test, log: Log, position: Position, before: readonly string[]): Promise<void> {
  const data: string[] = []
  let at = position
  for (let page = await log.read(at, 2); !page.lost; page = await log.read(at, 2)) {
    if (page.through === at.offset) break
    data.push(...dataOf(page.records))
    at = { epoch: page.epoch, offset: page.through }
  }
  t.strictSame(data, before, 'up to there')
  await isLost(t, log, at)
}

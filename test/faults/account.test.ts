import t from 'tap'
import { Account, type Got } from './account.js'
import { placeOf } from './place.js'
import { type Told, Truth } from './truth.js'

// Whoever trusts the fault tests has to know that they can fail.

const told = (n: number, id: string): Told => ({ n, place: placeOf(id) })
const tick = (n: number, id: string): Got => ({ event: 'tick', id, n })
const position = (id: string): Got => ({ event: 'stream-position', id })
const gap = (id: string, requested: string, earliest: string): Got => ({ event: 'stream-gap', id, requested, earliest })

/** Events 11 to 16, at the offsets 1 to 6. */
const WHOLE = new Truth([11, 12, 13, 14, 15, 16].map((n, i) => told(n, `life_1.${i + 1}`)), [], 100)

/** The first two of those that were kept have been dropped since. */
const TRIMMED = new Truth([13, 14, 15, 16].map((n, i) => told(n, `life_1.${i + 3}`)), [told(11, 'life_1.1'), told(12, 'life_1.2')], 4)

/** 13 and 14 were acknowledged and are lost; in the next epoch 15 and 16 took their places. */
const LOST = new Truth(
  [told(11, 'life_2.1'), told(12, 'life_2.2'), told(15, 'life_2.3'), told(16, 'life_2.4')],
  [told(11, 'life_1.1'), told(12, 'life_1.2'), told(13, 'life_1.3'), told(14, 'life_1.4'), told(15, 'life_2.3')],
  100
)

/** All of a life was lost. */
const REBORN = new Truth([told(13, 'other.1'), told(14, 'other.2')], [told(11, 'life.1'), told(12, 'life.2')], 100)

const FINE: Array<[string, Truth, Got[]]> = [
  ['every event once and in order', WHOLE, [position('life_1.2'), tick(13, 'life_1.3'), tick(14, 'life_1.4'), position('life_1.4'), tick(15, 'life_1.5')]],
  ['the next epoch where nothing was lost', WHOLE, [tick(12, 'life_1.2'), position('life_2.2'), tick(13, 'life_2.3')]],
  ['a gap where events were dropped', TRIMMED, [tick(11, 'life_1.1'), gap('life_1.6', 'life_1.1', 'life_1.2')]],
  ['the rest after a gap where events were dropped', TRIMMED, [tick(11, 'life_1.1'), gap('life_1.6', 'life_1.1', 'life_1.2'), position('life_1.6')]],
  ['a gap after events that are lost', LOST, [tick(12, 'life_1.2'), tick(13, 'life_1.3'), gap('life_2.2', 'life_1.3', 'life_2.0'), tick(15, 'life_2.3'), tick(16, 'life_2.4')]],
  ['a gap before events that are lost', LOST, [tick(11, 'life_1.1'), gap('life_2.3', 'life_1.1', 'life_2.0'), tick(16, 'life_2.4')]],
  ['a gap that goes back to what is left of an epoch', LOST, [tick(13, 'life_1.3'), gap('life_1.2', 'life_1.3', 'life_1.0'), tick(15, 'life_2.3')]],
  ['events in the next epoch only', LOST, [position('life_2.2'), tick(15, 'life_2.3')]],
  ['a gap in another life', REBORN, [tick(12, 'life.2'), gap('other.1', 'life.2', 'other.0'), tick(14, 'other.2')]]
]

const WRONG: Array<[string, Truth, Got[], string]> = [
  ['a missing event', WHOLE, [tick(11, 'life_1.1'), tick(13, 'life_1.3')], 'passes over 2, after life_1.1'],
  ['a position that passes over an event', WHOLE, [tick(11, 'life_1.1'), position('life_1.2')], 'passes over 2, after life_1.1'],
  ['a missing event in the next epoch', WHOLE, [tick(11, 'life_1.1'), tick(13, 'life_2.3')], 'passes over 2, after life_1.1'],
  ['a double', WHOLE, [tick(11, 'life_1.1'), tick(11, 'life_1.1')], 'is no further than life_1.1'],
  ['disorder', WHOLE, [tick(12, 'life_1.2'), tick(11, 'life_1.1')], 'goes back behind life_1.2'],
  ['another event than the log has', WHOLE, [position('life_1.0'), tick(12, 'life_1.1')], 'is not what the log has there'],
  ['a gap without loss', WHOLE, [tick(11, 'life_1.1'), gap('life_1.3', 'life_1.1', 'life_1.0')], 'tells of a gap where nothing is gone'],
  ['a gap that says that too little is kept', TRIMMED, [tick(11, 'life_1.1'), gap('life_1.6', 'life_1.1', 'life_1.3')], 'says that 3 events are left, where 4 should be kept'],
  ['a gap after what is still kept', TRIMMED, [tick(12, 'life_1.2'), gap('life_1.6', 'life_1.2', 'life_1.2')], 'tells of a gap where nothing is gone'],
  ['a gap for who begins', WHOLE, [gap('life_1.3', '', 'life_1.0')], 'tells who begins of a gap'],
  ['a gap that was not requested', LOST, [tick(13, 'life_1.3'), gap('life_2.2', 'life_1.2', 'life_2.0')], 'should say that life_1.3 was requested'],
  ['a gap from later than now', LOST, [tick(13, 'life_1.3'), gap('life_2.2', 'life_1.3', 'life_2.3')], 'names an earliest place after its own'],
  ['a gap that was told already', LOST, [tick(13, 'life_1.3'), gap('life_1.2', 'life_1.3', 'life_1.0'), gap('life_2.2', 'life_1.2', 'life_2.0')], 'tells of a gap where nothing is gone'],
  ['silence after events that are lost', LOST, [tick(13, 'life_1.3'), tick(15, 'life_2.4')], 'follows on life_1.3, which is lost, without a gap'],
  ['silence before events that are lost', LOST, [tick(12, 'life_1.2'), tick(15, 'life_2.3')], 'says nothing of life_1.3, which came after life_1.2 and is lost'],
  ['a missing event among those that are lost', LOST, [tick(12, 'life_1.2'), tick(14, 'life_1.4')], 'passes over 3, after life_1.2'],
  ['silence in another life', REBORN, [tick(12, 'life.2'), tick(13, 'other.1')], 'follows on life.2, which is lost, without a gap'],
  ['a missing event after a gap', LOST, [tick(13, 'life_1.3'), gap('life_2.2', 'life_1.3', 'life_2.0'), tick(16, 'life_2.4')], 'passes over 3, after life_2.2']
]

for (const [name, truth, got] of FINE) {
  t.test(`an account takes ${name}`, async t => {
    const account = new Account()
    for (const each of got) account.take(each, truth)
    t.equal(account.events + account.gaps, got.filter(({ event }) => event !== 'stream-position').length)
  })
}

for (const [name, truth, got, problem] of WRONG) {
  t.test(`an account refuses ${name}`, async t => {
    const account = new Account()
    const last = got.pop() as Got
    for (const each of got) account.take(each, truth)
    t.throws(() => { account.take(last, truth) }, { message: new RegExp(`^the last of these ${problem}:\n`) })
  })
}

t.test('a log that can not be is refused', async t => {
  t.throws(() => new Truth([told(1, 'life.1'), told(1, 'life.2')], [], 10), { message: 'the log has 1 twice, at 1 and 2' })
  t.throws(() => new Truth([told(1, 'life.2'), told(2, 'life.2')], [], 10), { message: 'the log has 2 at life.2, after 2' })
  t.throws(() => new Truth([told(1, 'life.3')], [told(2, 'life.1'), told(2, 'life.2')], 10), { message: /^the log has 2 twice/ })
  t.throws(() => new Truth([told(1, 'life.3')], [told(1, 'life.3'), told(2, 'life.3')], 10), { message: 'life.3 stands for 1 and for 2' })
})

t.test('what is lost is what somebody was told of and the log has not', async t => {
  t.strictSame(LOST.lost.map(({ n }) => n), [13, 14])
  t.strictSame(REBORN.lost.map(({ n }) => n), [11, 12])
  t.strictSame(TRIMMED.lost, [])
  t.strictSame(new Truth([told(1, 'life.1')], [told(2, 'life.2')], 10).lost, [], 'what came after it was read is not lost')
  t.strictSame(TRIMMED.events, [11, 12, 13, 14, 15, 16])
})

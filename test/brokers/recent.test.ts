import t from 'tap'
import { Recent } from '../../lib/brokers/recent.js'
import type { Page, Position, StoredRecord } from '../../types/broker.js'

const at = (offset: number, epoch = 'e'): Position => ({ epoch, offset })
const record = (offset: number): StoredRecord => ({ offset, event: 'note', data: 'x' })
const records = (first: number, last: number): StoredRecord[] => Array.from({ length: last - first + 1 }, (_, index) => record(first + index))
const offsets = ({ records }: Page): number[] => records.map(({ offset }) => offset)

/** An engine of which everything is retained from a place on, and what it was asked. */
function engine ({ earliest = 0, head = 100, epoch = 'e', hasHoles = false } = {}) {
  const state = { earliest, head, epoch, asked: [] as string[] }
  const recent = new Recent({
    hasHoles,
    findHead: async () => {
      state.asked.push('head')
      return at(state.head, state.epoch)
    },
    readPage: async (after, limit) => {
      state.asked.push(`after ${after?.offset ?? 'nothing'}`)
      const { earliest, epoch, head } = state
      const lost = after !== undefined && (after.epoch !== epoch || after.offset < earliest || after.offset > head)
      const from = after?.offset ?? earliest
      const through = Math.min(head, from + limit)
      return lost ? { epoch, lost, earliest, records: [], through: head } : { epoch, lost, earliest, records: records(from + 1, through), through }
    }
  })
  return { recent, state }
}

t.test('what has come lately is given without asking', async t => {
  const { recent, state } = engine()
  recent.begin(at(90))
  recent.push(records(91, 100))
  t.strictSame(offsets(await recent.read(at(95), 3)), [96, 97, 98])
  t.strictSame(state.asked, [])
})

t.test('who has missed nothing is told so where nothing else is stored', async t => {
  const { recent, state } = engine()
  recent.begin(at(100))
  t.strictSame(await recent.read(at(100), 10), { epoch: 'e', lost: false, earliest: 100, records: [], through: 100 })
  t.strictSame(state.asked, ['head'])
  state.head = 101
  t.strictSame(offsets(await recent.read(at(100), 10)), [101], 'what has not arrived is read')
  state.epoch = 'f'
  state.head = 100
  t.equal((await recent.read(at(100), 10)).lost, true, 'nor is it what another epoch has')
})

t.test('who has missed a little more than what has come is served by reading it once, for all', async t => {
  const { recent, state } = engine({ head: 3_000 })
  recent.begin(at(3_000))
  const pages = await Promise.all([2_990, 2_500, 2_000].map(async offset => await recent.read(at(offset), 5)))
  t.strictSame(pages.map(offsets), [[2_991, 2_992, 2_993, 2_994, 2_995], [2_501, 2_502, 2_503, 2_504, 2_505], [2_001, 2_002, 2_003, 2_004, 2_005]])
  t.strictSame(state.asked, ['after 2000'])
  state.head = 3_010
  recent.push(records(3_001, 3_010))
  t.strictSame(offsets(await recent.read(at(2_995), 10)), [2_996, 2_997, 2_998, 2_999, 3_000, 3_001, 3_002, 3_003, 3_004, 3_005])
  t.strictSame(offsets(await recent.read(at(2_005), 2)), [2_006, 2_007], 'what it has no more is asked for')
  t.strictSame(state.asked, ['after 2000', 'after 2005'])
})

t.test('what comes while it is read comes behind it', async t => {
  const { recent } = engine({ head: 50 })
  recent.begin(at(50))
  const page = recent.read(at(45), 10)
  recent.push(records(51, 52))
  t.strictSame(offsets(await page), [46, 47, 48, 49, 50, 51, 52])
})

t.test('only what is retained is read', async t => {
  const { recent, state } = engine({ head: 3_000, earliest: 2_900 })
  recent.begin(at(3_000))
  t.strictSame(offsets(await recent.read(at(2_950), 2)), [2_951, 2_952])
  t.equal((await recent.read(at(2_899), 2)).lost, true)
  t.strictSame(state.asked, ['after 2000', 'after 2900', 'after 2899'])
})

t.test('where nothing before is retained, it is not asked for again and again', async t => {
  const { recent, state } = engine({ head: 3_000, earliest: 3_000 })
  recent.begin(at(3_000))
  for (let i = 0; i < 2; i++) t.equal((await recent.read(at(2_999), 2)).lost, true)
  t.strictSame(state.asked, ['after 2000', 'after 2999', 'after 2999'])
})

t.test('who has been away for long, or in another epoch, is read from the engine', async t => {
  const { recent, state } = engine({ head: 3_000 })
  t.strictSame(offsets(await recent.read(at(2_999), 5)), [3_000], 'nothing has come yet')
  recent.begin(at(3_000))
  t.strictSame(offsets(await recent.read(at(1_999), 1)), [2_000])
  t.equal((await recent.read(at(2_999, 'd'), 1)).lost, true)
  t.strictSame(offsets(await recent.read(undefined, 1)), [1])
  t.strictSame(state.asked, ['after 2999', 'after 1999', 'after 2999', 'after nothing'])
})

t.test('what another epoch has is not put before', async t => {
  const { recent, state } = engine({ head: 100, epoch: 'f' })
  recent.begin(at(100))
  t.equal((await recent.read(at(99), 5)).lost, true)
  state.epoch = 'e'
  t.strictSame(offsets(await recent.read(at(99), 5)), [100])
})

t.test('an engine that fails fails those who ask, and is asked again', async t => {
  let fails = true
  const recent = new Recent({
    findHead: async () => at(10),
    readPage: async () => {
      if (fails) throw new Error('away')
      return { epoch: 'e', lost: false, earliest: 0, records: records(1, 10), through: 10 }
    }
  })
  recent.begin(at(10))
  for (const outcome of await Promise.allSettled([recent.read(at(5), 1), recent.read(at(6), 1)])) t.match(outcome, { reason: { message: 'away' } })
  fails = false
  t.strictSame(offsets(await recent.read(at(5), 1)), [6])
  recent.clear()
  t.strictSame(offsets(await recent.read(at(9), 100)), records(1, 10).map(({ offset }) => offset), 'by the engine')
})

t.test('where offsets are missing, only what has come is given without asking for more', async t => {
  const { recent, state } = engine({ hasHoles: true })
  recent.begin(at(90))
  recent.push(records(91, 92))
  t.strictSame(offsets(await recent.read(at(90), 10)), [91, 92])
  t.strictSame(state.asked, [])
  t.strictSame(offsets(await recent.read(at(89), 1)), [90])
  t.strictSame(state.asked, ['after 89'])
})

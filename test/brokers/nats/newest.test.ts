import t from 'tap'
import { Newest } from '../../../lib/brokers/nats/newest.js'
import type { Page, Position } from '../../../types/broker.js'

const at = (offset: number, epoch = 'e'): Position => ({ epoch, offset })

t.test('gives what has come, and asks for what stands before or has not come yet', async t => {
  const asked: string[] = []
  let head = at(7)
  const newest = new Newest({
    findHead: async () => {
      asked.push('head')
      return head
    },
    readPage: async after => {
      asked.push(`after ${after?.offset ?? 'nothing'}`)
      return { epoch: 'e', lost: false, records: [], through: 9, earliest: 0 }
    }
  })
  const read = async (after: Position | undefined): Promise<Page> => await newest.read(after, 10)
  newest.begin(at(5))
  newest.push([6, 7].map(offset => ({ offset, event: 'set', data: 'x', key: 'k' })))
  t.strictSame((await read(at(5))).records.map(({ offset }) => offset), [6, 7])
  t.strictSame(asked, [])
  t.equal((await read(at(7))).through, 7)
  t.strictSame(asked.splice(0), ['head'])
  for (const end of [at(9), at(7, 'f')]) {
    head = end
    t.equal((await read(at(7))).through, 9)
    t.strictSame(asked.splice(0), ['head', 'after 7'])
  }
  await read(at(4))
  await read(undefined)
  newest.clear()
  await read(at(5))
  t.strictSame(asked, ['after 4', 'after nothing', 'after 5'])
})

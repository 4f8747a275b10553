import t from 'tap'
import { type Pending, PendingAppends } from '../../../lib/brokers/nats/pending.js'
import { note } from '../conformance/harness.js'

t.test('what was called first is late first, and the others when their own time is over', async t => {
  let nowMs = 0
  t.intercept(performance, 'now', { value: () => nowMs })
  const alive = setInterval(() => {}, 1_000)
  t.teardown(() => { clearInterval(alive) })
  const late: string[][] = []
  const onLate = (those: readonly Pending[]): void => {
    late.push(those.map(({ record }) => record.data))
    nowMs = 35
    for (const pending of those) {
      pendings.end(pending)
      pending.reject(new Error('late'))
    }
  }
  const pendings = new PendingAppends({ channel: 'a', timeoutMs: 20, maxPendingBytes: 1_000, onLate })
  const first = t.rejects(pendings.add(note('first'), undefined, () => {}))
  nowMs = 15
  const second = t.rejects(pendings.add(note('second'), undefined, () => {}))
  nowMs = 20
  await Promise.all([first, second, pendings.settled()])
  t.strictSame(late, [['first'], ['second']])
})

import t from 'tap'
import { Lag } from '../../lib/telemetry/lag.js'

const at = (offset: number, epoch = 'e') => ({ epoch, offset })

t.test('is how far the end of the log is ahead of what has come', async t => {
  const lag = new Lag()
  lag.see(at(7))
  t.equal(lag.behind(at(4)), 3)
  t.equal(lag.behind(at(7)), 0)
})

t.test('is none where more has come than was known to be stored', async t => {
  const lag = new Lag()
  lag.see(at(7))
  t.equal(lag.behind(at(9)), 0)
})

t.test('is none where nothing is known of the log, and where nobody follows it', async t => {
  const lag = new Lag()
  t.equal(lag.behind(at(4)), 0)
  lag.see(at(7))
  t.equal(lag.behind(undefined), 0)
})

t.test('an answer that comes late makes it no smaller', async t => {
  const lag = new Lag()
  lag.see(at(7))
  lag.see(at(5))
  t.equal(lag.behind(at(4)), 3)
})

t.test('is all that is stored in another epoch, and never nothing', async t => {
  const lag = new Lag()
  lag.see(at(7))
  lag.see(at(2, 'f'))
  t.equal(lag.behind(at(9)), 2)
  lag.see(at(0, 'g'))
  t.equal(lag.behind(at(9)), 1)
})

import t from 'tap'
import { Checks } from './checks.js'

t.test('checks end with a line that counts', async t => {
  const checks = new Checks()
  checks.equal('events lost', 0, 0)
  checks.none('warnings', [])
  checks.atLeast('faults', 1, 1)
  checks.below('growth', 4.9, 5, '%')
  t.equal(checks.isGood, true)
  t.strictSame(checks.lines, ['ok 1 - events lost', 'ok 2 - warnings', 'ok 3 - faults', 'ok 4 - growth', '1..4', '# { total: 4, pass: 4, fail: 0 }'])
})

t.test('each check can fail', async t => {
  const checks = new Checks()
  checks.equal('events lost', 2, 0)
  checks.none('warnings', ['one\nat here', 'two'])
  checks.atLeast('faults', 0, 1)
  checks.below('growth', 5, 5, '%')
  checks.below('growth of nothing', NaN, 5, '%')
  t.equal(checks.isGood, false)
  t.strictSame(checks.lines, [
    'not ok 1 - events lost: 2, where it should be 0',
    'not ok 2 - warnings: 2, such as\n#   one\n#   at here\n#   two',
    'not ok 3 - faults: 0, where it should be 1 at least',
    'not ok 4 - growth: 5.0 %, where it should be less than 5.0 %',
    'not ok 5 - growth of nothing: NaN %, where it should be less than 5.0 %',
    '1..5',
    '# { total: 5, pass: 0, fail: 5 }'
  ])
})

t.test('no checks are not good', async t => {
  t.equal(new Checks().isGood, false)
})

import t from 'tap'
import { formatId, isSameLife, joinIds, placesIn, positionIn, signedId } from '../../lib/channel/position.js'

t.test('an id says the position in each log', async t => {
  t.equal(formatId([{ epoch: 'k3f9', offset: 7 }, { epoch: 'n2pq', offset: 40 }]), 'k3f9.7~n2pq.40')
  t.equal(formatId([{ epoch: 'k3f9', offset: 0 }]), 'k3f9.0')
  t.equal(formatId([]), '')
})

t.test('ids about other logs make one', async t => {
  t.equal(joinIds(['a.7', 'b.40~c.1']), 'a.7~b.40~c.1')
})

t.test('a position is found wherever it stands in an id', async t => {
  for (const [id, epoch, offset] of [
    ['a.7', 'a', 7],
    ['a.7~b.40', 'a', 7],
    ['a.7~b.40', 'b', 40],
    ['ab.1~a.2', 'a', 2],
    ['a.0', 'a', 0],
    [`a.${Number.MAX_SAFE_INTEGER}`, 'a', Number.MAX_SAFE_INTEGER]
  ] as const) {
    t.strictSame(positionIn(id, epoch), { epoch, offset }, id)
  }
})

t.test('an id that says nothing about a log gives nothing', async t => {
  for (const id of [
    '', 'a', 'a.', 'a.x', 'a.-1', 'a.1e3', 'a. 1', 'a.1 ', 'a.1.2', 'a.0x10', 'a.+1', 'a.１', 'b.1', 'aa.1', 'xa.1', '~', '~~', '.1', 'a~1',
    'stream-end', 'a.12345678901234567', `a.${2 ** 53}`, 'a.99999999999999999999', 'b.1~aa.2', 'a.1\n'
  ]) {
    t.equal(positionIn(id, 'a'), undefined, JSON.stringify(id))
  }
})

t.test('a position of another epoch of the same life of a log is found, as what it is', async t => {
  for (const [id, epoch, found] of [
    ['a_1.7', 'a_2', { epoch: 'a_1', offset: 7 }],
    ['b_1.7~a_1.8', 'a_2', { epoch: 'a_1', offset: 8 }],
    ['a_1_x.7', 'a_2', { epoch: 'a_1_x', offset: 7 }],
    ['a.7', 'a_2', { epoch: 'a', offset: 7 }],
    ['ab_1.7', 'a_1', undefined],
    ['_1.7', 'a_1', undefined]
  ] as const) {
    t.strictSame(positionIn(id, epoch), found, id)
  }
})

t.test('a signed id says its place before its signature, and no place to who reads plain ones', async t => {
  t.equal(signedId('a.7', 'sig'), 'a.7.sig')
  t.equal(positionIn('a.7.sig', 'a'), undefined)
  t.equal(positionIn('a.7.sig~a.8', 'a'), undefined)
})

t.test('all that an id says can be had, one place for each log', async t => {
  t.strictSame(placesIn('a.7.sig~x~b_1.40~c.1.2.3~d.x.sig~e.1.'), [
    { position: { epoch: 'a', offset: 7 }, text: 'a.7', signature: 'sig' },
    { position: { epoch: 'b_1', offset: 40 }, text: 'b_1.40', signature: undefined },
    { position: { epoch: 'e', offset: 1 }, text: 'e.1', signature: '' }
  ])
  t.strictSame(placesIn(''), [])
})

t.test('epochs are of the same life if they begin alike', async t => {
  t.strictSame([isSameLife('a_1', 'a_2'), isSameLife('a', 'a_2'), isSameLife('a', 'ab'), isSameLife('', 'a')], [true, true, false, false])
})

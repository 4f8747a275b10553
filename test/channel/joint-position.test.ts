import t from 'tap'
import { jointPosition } from '../../lib/channel/joint-position.js'

const channel = (id: string) => ({ position: async (subscriber?: unknown) => subscriber === undefined ? id : `${id}.${(subscriber as { scope: string }).scope}` })

t.test('the positions of several channels make one id', async t => {
  t.equal(await jointPosition([channel('a.1'), channel('b.2')]), 'a.1~b.2')
  t.equal(await jointPosition([channel('a.1')]), 'a.1')
  t.equal(await jointPosition([]), '')
})

t.test('they are for the subscriber that comes before them', async t => {
  t.equal(await jointPosition([{ scope: 'Ann' }, channel('a.1'), channel('b.2')]), 'a.1.Ann~b.2.Ann')
})

t.test('what is no channel is an error', async t => {
  for (const wrong of [[channel('a.1'), {}], [{}, {}], [{}, undefined]]) await t.rejects(jointPosition(wrong), TypeError)
})

import t from 'tap'
import { injectEvents } from '../../lib/testing/inject-events.js'
import { Programs } from '../helpers/programs.js'
import { runRecipe } from './recipes.js'

t.setTimeout(180_000)

// Together, since the compiler takes most of its time for the types of the packages.
t.test('the programs of the recipes compile, and those about testing', async t => {
  await t.resolves(new Programs(t, 'docs/recipes.md', 'docs/testing.md').compile())
})

t.test('one route gives the whole text or a stream', async t => {
  const { app } = await runRecipe(t, 'two answers')
  const words = ['one', 'after', 'the', 'other', { count: 4 }]
  const whole = '{"text":"one after the other"}'
  const data = async (options: Parameters<typeof injectEvents>[1]) => (await (await injectEvents(app, options)).rest()).map(({ data }) => data)

  t.strictSame(await data('/text'), words)
  t.equal((await injectEvents(app, { url: '/text', headers: { accept: 'application/json' } })).body, whole)
  const post = { method: 'POST', url: '/text' } as const
  t.strictSame(await data({ ...post, payload: { stream: true } }), words)
  t.equal((await injectEvents(app, { ...post, payload: { stream: false } })).body, whole)
  t.equal((await injectEvents(app, { ...post, payload: {} })).body, whole)
})

import { Type } from '@sinclair/typebox'
import t from 'tap'
import { z } from 'zod'
import { eventStream } from '../../lib/index.js'
import { inlineIds } from '../../lib/openapi/inline-ids.js'

const User = Type.Object({ name: Type.String() }, { $id: 'User' })
const Other = Type.Object({ name: Type.Number() }, { $id: 'User#' })

t.test('finds what has an $id wherever it stands, by its text', async t => {
  const ids = inlineIds([
    { body: Type.Object({ list: Type.Array(User) }), response: { 200: User } },
    undefined,
    { querystring: { allOf: [{ $id: '#anchor' }, Other] } }
  ])
  t.strictSame([...ids.keys()], ['User', '#anchor'])
  t.strictSame([...ids.get('User') ?? []], [JSON.stringify(User), JSON.stringify(Other)])
})

t.test('looks into neither streams nor schemas of libraries, and ends where values form a circle', async t => {
  const circle: Record<string, unknown> = { also: { $id: 5, text: '$id' } }
  circle['itself'] = circle
  t.strictSame(inlineIds([eventStream({ user: User }), z.object({ $id: z.string() }), circle]), new Map())
})

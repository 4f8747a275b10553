import { Type } from '@sinclair/typebox'
import t from 'tap'
import { Type as Type1 } from 'typebox'
import { refinementsOf, transformName, transformOf, typeBoxKind } from '../../lib/schema/typebox.js'

const Day = Type.Transform(Type.String()).Decode(text => new Date(text)).Encode(date => date.toISOString())
const Day1 = Type1.Codec(Type1.String()).Decode(text => new Date(text)).Encode(date => date.toISOString())

t.test('knows the kind of a schema, whichever TypeBox made it', async t => {
  for (const T of [Type, Type1]) {
    t.equal(typeBoxKind(T.String()), 'String')
    t.equal(typeBoxKind(T.Unsafe({ type: 'string' })), 'Unsafe')
  }
  t.equal(typeBoxKind({ type: 'string' }), undefined)
})

t.test('finds the Transform of a schema, whichever TypeBox made it', async t => {
  for (const schema of [Day, Day1]) {
    const { Encode, Decode } = transformOf(schema)!
    t.equal(Encode(new Date(0)), '1970-01-01T00:00:00.000Z')
    t.strictSame(Decode('1970-01-01T00:00:00.000Z'), new Date(0))
  }
  t.equal(transformOf({ type: 'string' }), undefined)
  t.equal(transformName(Day), 'Type.Transform')
  t.equal(transformName(Day1), 'Type.Codec')
})

t.test('finds what Refine asks for', async t => {
  const [isLong, isLower] = refinementsOf(Type1.Refine(Type1.Refine(Type1.String(), text => text.length > 3), text => text === text.toLowerCase()))!
  t.strictSame([isLong!('abc'), isLong!('abcd'), isLower!('A'), isLower!('a')], [false, true, false, true])
  t.equal(refinementsOf({ type: 'string' }), undefined)
})

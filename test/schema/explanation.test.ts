import { type } from 'arktype'
import t from 'tap'
import * as v from 'valibot'
import * as z from 'zod'
import { compileExplanation } from '../../lib/schema/explanation.js'

t.test('explains by the constraints of the input, compiled with the first payload that is refused', async t => {
  for (const schema of [z.email().min(3), type('string.email >= 3')]) {
    let compiled = 0
    const explain = compileExplanation(schema, ({ type, minLength, format }) => {
      compiled++
      t.strictSame({ type, minLength, format }, { type: 'string', minLength: 3, format: undefined })
      return data => `not ${String(data)}`
    })
    t.equal(compiled, 0)
    t.equal(explain(1), 'not 1')
    t.equal(explain(2), 'not 2')
    t.equal(compiled, 1)
  }
})

t.test('knows nothing where the library gives no JSON Schema, or one that can not be compiled', async t => {
  let compiled = 0
  t.equal(compileExplanation(v.string(), () => () => `${++compiled}`)(1), undefined)
  t.equal(compileExplanation(z.string(), () => { throw new Error('a pattern') })(1), undefined)
})

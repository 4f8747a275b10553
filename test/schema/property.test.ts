import t from 'tap'
import { read, write } from '../../lib/schema/property.js'

t.test('reads own properties and those of a class, but not those of every object', async t => {
  class Tick {
    get value (): number { return 1 }
  }
  t.equal(read({ value: 1 }, 'value'), 1)
  t.equal(read(new Tick(), 'value'), 1)
  t.equal(read({}, 'value'), undefined)
  for (const name of ['constructor', 'toString', '__proto__']) t.equal(read(new Tick(), name), undefined)
  t.equal(read({ constructor: 1 }, 'constructor'), 1)
  t.equal(read(JSON.parse('{ "__proto__": 1 }'), '__proto__'), 1)
})

t.test('writes properties, also one named __proto__', async t => {
  const object = {}
  write(object, 'a', 1)
  write(object, '__proto__', { b: 1 })
  t.equal(JSON.stringify(object), '{"a":1,"__proto__":{"b":1}}')
  t.equal(Object.getPrototypeOf(object), Object.prototype)
  write(object, '__proto__', 2)
  t.equal(JSON.stringify(object), '{"a":1,"__proto__":2}')
})

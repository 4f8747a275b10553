import t from 'tap'
import { describePlace, openResource, type Resource, resolveRef } from '../../lib/schema/reference.js'

const none = (): undefined => undefined

/** Where a `$ref` leads from a place in a schema. */
function follow (ref: string, resource: Resource, pointer = '', shared: (id: string) => Resource | undefined = none): string | undefined {
  const found = resolveRef(ref, { resource, pointer, schema: {} }, shared)
  return found && describePlace(found)
}

t.test('finds a part of the document', async t => {
  const resource = openResource('', { definitions: { 'a/b~c%': { type: 'string' }, yes: true }, properties: { text: { const: 'x' } } })
  t.equal(follow('#', resource, '/items'), '#')
  t.equal(follow('', resource, '/items'), '#')
  t.equal(follow('#/definitions/a~1b~0c%25', resource), '#/definitions/a~1b~0c%')
  t.equal(follow('#/definitions/yes', resource), '#/definitions/yes')
  for (const ref of ['#/definitions/none', '#/properties/text/const', '#/properties/text/const/0', '#/definitions/constructor', '#anchor', 'other', 'other#/a']) {
    t.equal(follow(ref, resource), undefined, ref)
  }
})

t.test('finds what has an $id', async t => {
  const resource = openResource('', {
    $id: 'root',
    properties: { a: { $id: 'A#', definitions: { b: {} } }, anchored: { $id: '#here' } }
  })
  t.equal(follow('root', resource), '#')
  t.equal(follow('A', resource), '#/properties/a')
  t.equal(follow('A#', resource), '#/properties/a')
  t.equal(follow('A#/definitions/b', resource), '#/properties/a/definitions/b')
  t.equal(follow('#here', resource), '#/properties/anchored')
  t.equal(follow('root#here', resource), '#/properties/anchored')
})

t.test('a $ref without $id stays in the innermost schema that has one', async t => {
  const resource = openResource('', {
    $id: 'root',
    properties: { a: { $id: 'A', items: { $id: '#anchor' }, definitions: { b: {} } }, ab: {} },
    definitions: { b: {} }
  })
  t.equal(follow('#', resource, '/properties/a/items'), '#/properties/a')
  t.equal(follow('#/definitions/b', resource, '/properties/a/items'), '#/properties/a/definitions/b')
  t.equal(follow('#/definitions/b', resource, '/properties/a'), '#/properties/a/definitions/b')
  t.equal(follow('#/definitions/b', resource, '/properties/ab'), '#/definitions/b')
})

t.test('takes the nearest of those that have the same $id', async t => {
  const resource = openResource('', {
    properties: {
      a: { definitions: { x: { $id: 'X', type: 'string' }, y: {} } },
      b: { definitions: { x: { $id: 'X', type: 'number' }, y: {} } }
    }
  })
  t.equal(follow('X', resource, '/properties/a/definitions/y'), '#/properties/a/definitions/x')
  t.equal(follow('X', resource, '/properties/b/definitions/y'), '#/properties/b/definitions/x')
  t.equal(follow('X', resource, '/properties/b/definitions/x'), '#/properties/b/definitions/x')
  t.throws(() => follow('X', resource, '/properties/c'), { message: "the $ref 'X' at #/properties/c is ambiguous: different schemas have that $id" })
})

t.test('takes any of those that are equal', async t => {
  const resource = openResource('', { properties: { a: { $id: 'X', type: 'string' }, b: { $id: 'X', type: 'string' } } })
  t.equal(follow('X', resource, '/properties/c'), '#/properties/a')
})

t.test('looks for shared schemas last', async t => {
  const other = openResource('other', { $id: 'other', definitions: { a: { $id: '#here' } } })
  const resource = openResource('', { items: { $id: 'mine' } })
  const shared = (id: string): Resource | undefined => id === 'other' || id === 'mine' ? other : undefined
  t.equal(follow('other', resource, '', shared), 'other#')
  t.equal(follow('other#', resource, '', shared), 'other#')
  t.equal(follow('other#/definitions/a', resource, '', shared), 'other#/definitions/a')
  t.equal(follow('other#here', resource, '', shared), 'other#/definitions/a')
  t.equal(follow('mine', resource, '', shared), '#/items')
  t.equal(follow('#', other, '/definitions/a', shared), 'other#')
})

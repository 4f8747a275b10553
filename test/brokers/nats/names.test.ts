import fc from 'fast-check'
import t from 'tap'
import { hash, namesOf, subjectOf } from '../../../lib/brokers/nats/names.js'

t.test('any name becomes one that NATS takes', async t => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 1_000 }), fc.boolean(), (name, isLatest) => {
    const { stream, log, live } = namesOf('sse', name, isLatest)
    return /^sse-[\w-]{1,70}$/.test(stream) && /^sse\.log\.[\w-]{1,70}$/.test(log) && /^sse\.live\.[\w-]{1,70}$/.test(live)
  }))
})

t.test('people can read whose stream it is', async t => {
  t.match(namesOf('sse', 'orders of ACME', false).stream, /^sse-orders-of-ACME-[\w-]{22}$/)
})

t.test('names that differ give other names, and so do prefixes and kinds', async t => {
  const texts = ['', 'a', 'A', 'a ', 'a.b', 'a-b', 'a*', 'a>', 'ä', '📈', '\uD800', '\uDBFF', 'a'.repeat(100), 'a'.repeat(101)]
  const all = texts.flatMap(name => [namesOf('sse', name, false), namesOf('sse', name, true), namesOf('a', name, false)])
  for (const part of ['stream', 'log', 'live'] as const) t.equal(new Set(all.map(names => names[part])).size, all.length)
  t.not(namesOf('a', 'b-c', false).stream, namesOf('a-b', 'c', false).stream)
})

t.test('each key has its subject, which is not that of events', async t => {
  const names = namesOf('sse', 'a', true)
  const subjects = ['', 'a', 'A', '*', 'start', 'event', '\uD800', '\uDBFF'].map(key => subjectOf(names, key))
  subjects.push(subjectOf(names), `${names.log}.start`)
  t.equal(new Set(subjects).size, 10)
  for (const subject of subjects) t.match(subject.slice(names.log.length), /^\.[\w-]{1,30}$/)
})

t.test('a hash has 22 characters that can stand in a subject', async t => {
  t.match(hash('a'), /^[\w-]{22}$/)
})

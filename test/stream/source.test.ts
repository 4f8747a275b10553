import { Readable } from 'node:stream'
import t from 'tap'
import { discardSource, isAsyncIterable, isStream } from '../../lib/stream/source.js'

t.test('discardSource()', async t => {
  t.test('destroys a Readable, whatever that brings up', async t => {
    const readable = new Readable({ read () {}, destroy (error, callback) { callback(error ?? new Error('unheard')) } })
    discardSource(readable)
    t.ok(readable.destroyed)
    await new Promise(resolve => readable.once('close', resolve))
  })

  t.test('cancels a web stream, whatever that brings up', async t => {
    let cancelled = 0
    discardSource(new ReadableStream({
      cancel () {
        cancelled++
        throw new Error('unheard')
      }
    }))
    t.equal(cancelled, 1)
    await new Promise(setImmediate)
  })

  t.test('leaves to its reader a web stream that has one, and everything else alone', async t => {
    const stream = new ReadableStream({ cancel () { t.fail('cancelled') } })
    stream.getReader()
    for (const source of [stream, undefined, null, 5, {}, (async function * () { t.fail('started') })()]) discardSource(source)
  })
})

t.test('tells async iterables from streams', async t => {
  const generator = (async function * () {})()
  for (const [value, iterable, stream] of [
    [generator, true, false], [Readable.from([]), false, true], [new ReadableStream(), false, true],
    [[], false, false], ['text', false, false], [null, false, false], [new Response(''), false, false]
  ] as const) {
    t.equal(isAsyncIterable(value), iterable)
    t.equal(isStream(value), stream)
  }
})

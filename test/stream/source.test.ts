import { Readable } from 'node:stream'
import t from 'tap'
import { discardSource, isAsyncIterable, isStream, Source } from '../../lib/stream/source.js'

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

t.test('a source that is stopped by its own step is returned when that is over', async t => {
  const steps: string[] = []
  const stop = (): void => { source.stop(t.error) }
  const source = new Source((function * () {
    try {
      stop()
      yield 1
    } finally {
      steps.push('cleaned')
    }
  })())
  t.strictSame(source.next(), { done: false, value: 1 })
  t.strictSame(steps, ['cleaned'])
  t.strictSame(source.next(), { done: true, value: undefined })
})

t.test('what has thrown at a step has ended', async t => {
  let returned = 0
  const source = new Source({ [Symbol.asyncIterator]: () => ({ next () { throw new Error('no next') }, return: () => { returned++ } }) })
  t.throws(() => source.next(), { message: 'no next' })
  t.notOk(source.open)
  source.stop(t.error)
  t.equal(returned, 0)
})

t.test('what has thrown though it was stopped by that step is not returned', async t => {
  let returned = 0
  const source: Source = new Source({
    [Symbol.asyncIterator]: () => ({
      next () {
        source.stop(t.error)
        throw new Error('no next')
      },
      return: () => { returned++ }
    })
  })
  t.throws(() => source.next(), { message: 'no next' })
  t.equal(returned, 0)
})

t.test('an error is thrown where there is a method for it', async t => {
  const source = new Source((function * () {
    try { yield 1 } catch (error) { yield error }
  })())
  t.ok(source.canThrow)
  source.next()
  t.strictSame(source.throw('wrong'), { done: false, value: 'wrong' })
  t.notOk(new Source([1]).canThrow)
})

import t from 'tap'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { END_ID } from '../../lib/wire/end-id.js'
import { commentFrame, eventLine, HEARTBEAT, jsonFrame, retryLine, textFrame } from '../../lib/wire/frame.js'

const none = undefined

/** An argument that only untyped JavaScript can give. */
const untyped = <Type>(value: unknown): Type => value as Type

const invalid = (field: string, expected: string, received: string) => ({
  code: 'FST_ERR_SSE_FIELD_INVALID',
  statusCode: 500,
  message: `the field '${field}' of an event should be ${expected}, instead got '${received}'`
})

const decode = (stream: string): EventSourceMessage[] => {
  const events: EventSourceMessage[] = []
  createParser({ onEvent: event => events.push(event), onError: error => { throw error } }).feed(stream)
  return events
}

t.test('names the reserved id and the heartbeat', async t => {
  t.equal(END_ID, 'stream-end')
  t.equal(HEARTBEAT, ':\n')
})

t.test('eventLine', async t => {
  const lines: Array<[why: string, name: string | undefined, line: string]> = [
    ['writes no line without a name', none, ''],
    ['does not write the default name', 'message', ''],
    ['writes a name', 'price', 'event: price\n'],
    ['knows the default name by its exact spelling', 'Message', 'event: Message\n'],
    ['keeps a leading space of a name', ' message', 'event:  message\n'],
    ['keeps a colon in a name', 'data: x', 'event: data: x\n'],
    ['keeps NUL, BOM and what other standards call line breaks', '\0\uFEFF\v\f\x85\u2028\u2029', 'event: \0\uFEFF\v\f\x85\u2028\u2029\n'],
    ['keeps a character beyond the basic plane', '📈', 'event: 📈\n']
  ]
  for (const [why, name, line] of lines) {
    t.test(why, async t => { t.equal(eventLine(name), line) })
  }

  const refusals: Array<[why: string, name: unknown, received: string]> = [
    ['rejects the empty name', '', ''],
    ['rejects a name that holds an LF', 'a\ndata: x', 'a\\ndata: x'],
    ['rejects a name that holds a CR', 'a\rb', 'a\\rb'],
    ['rejects a name that ends with a line break', 'a\n', 'a\\n'],
    ['rejects a name with a lone high surrogate', 'a\ud83d', 'a\\ud83d'],
    ['rejects a name with a lone low surrogate', '\udcc8a', '\\udcc8a'],
    ['shows 40 characters of a name at most', `${'📈'.repeat(41)}\n`, `${'📈'.repeat(40)}…`],
    ['shows the whole of a name of 40 characters', `${'x'.repeat(39)}\n`, `${'x'.repeat(39)}\\n`],
    ['rejects null', null, 'null'],
    ['rejects a number', 1, '1'],
    ['rejects an array', ['a'], 'Array'],
    ['rejects a String object', Object('a'), 'String'],
    ['rejects an object with toString, and does not call it', { toString: () => t.fail('called') }, 'Object']
  ]
  for (const [why, name, received] of refusals) {
    t.test(why, async t => {
      t.throws(() => eventLine(untyped(name)), invalid('event', 'a non-empty string without CR, LF or lone surrogates', received))
    })
  }
})

t.test('jsonFrame', async t => {
  const frames: Array<[why: string, args: Parameters<typeof jsonFrame>, frame: string]> = [
    ['writes the data alone', ['', '{"a":1}', none, none], 'data: {"a":1}\n\n'],
    ['writes the name first', ['event: price\n', '1', none, none], 'event: price\ndata: 1\n\n'],
    ['writes all fields, the data last', ['event: price\n', '1', 'a', 5], 'event: price\nid: a\nretry: 5\ndata: 1\n\n'],
    ['writes an id without a retry', ['', '1', 7, none], 'id: 7\ndata: 1\n\n'],
    ['writes a retry without an id', ['', '1', none, 7], 'retry: 7\ndata: 1\n\n'],
    ['takes 0 for an id and for a retry', ['', '0', 0, 0], 'id: 0\nretry: 0\ndata: 0\n\n'],
    ['takes the empty string for an id', ['', '""', '', none], 'id: \ndata: ""\n\n'],
    ['writes negative and broken numbers as ids', ['', '1', -1.5, none], 'id: -1.5\ndata: 1\n\n'],
    ['keeps a leading space of an id', ['', '1', ' a', none], 'id:  a\ndata: 1\n\n'],
    ['keeps the BOM and pairs of surrogates in an id', ['', '1', '\uFEFF📈', none], 'id: \uFEFF📈\ndata: 1\n\n'],
    ['writes the largest retry digit by digit', ['', '1', none, Number.MAX_SAFE_INTEGER], 'retry: 9007199254740991\ndata: 1\n\n'],
    ['takes an escaped line break for what it is', ['', '"a\\nb"', none, none], 'data: "a\\nb"\n\n']
  ]
  for (const [why, args, frame] of frames) {
    t.test(why, async t => { t.equal(jsonFrame(...args), frame) })
  }

  const ids: Array<[why: string, id: unknown, received: string]> = [
    ['rejects an id that holds an LF', '1\ndata: x', '1\\ndata: x'],
    ['rejects an id that holds a CR', '1\r', '1\\r'],
    ['rejects an id that holds a NUL, which clients would ignore', '1\0', '1\\u0000'],
    ['rejects an id with a lone surrogate', '\ud83d', '\\ud83d'],
    ['shows 40 characters of an id at most', `\n${'x'.repeat(100)}`, `\\n${'x'.repeat(39)}…`],
    ['rejects NaN as an id', NaN, 'NaN'],
    ['rejects Infinity as an id', Infinity, 'Infinity'],
    ['rejects null as an id', null, 'null'],
    ['rejects a boolean as an id', false, 'false'],
    ['rejects a symbol as an id', Symbol('1'), 'symbol'],
    ['rejects an array as an id', ['1'], 'Array'],
    ['rejects a String object as an id', Object('1'), 'String'],
    ['rejects a Number object as an id', Object(1), 'Number'],
    ['rejects an object with toString as an id', { toString: () => '1' }, 'Object']
  ]
  for (const [why, id, received] of ids) {
    t.test(why, async t => {
      t.throws(() => jsonFrame('', '1', id, none), invalid('id', 'a finite number, or a string without CR, LF, NUL or lone surrogates', received))
    })
  }

  t.test('rejects a bigint as an id', async t => {
    t.throws(() => jsonFrame('', '1', 1n, none), { code: 'FST_ERR_SSE_FIELD_INVALID' })
  })

  t.test('rejects a wrong retry beside a right id', async t => {
    t.throws(() => jsonFrame('', '1', 1, -1), invalid('retry', 'a non-negative safe integer', '-1'))
  })

  t.test("resets the client's last event ID by the empty id", async t => {
    const frames = jsonFrame('', '1', 'a', none) + jsonFrame('', '2', none, none) + jsonFrame('', '3', '', none)
    t.strictSame(decode(frames).map(event => event.id), ['a', undefined, ''])
  })
})

t.test('textFrame', async t => {
  const frames: Array<[why: string, text: string, frame: string]> = [
    ['writes a line', 'hello', 'data: hello\n\n'],
    ['writes a line of data for the empty text, so that the event fires', '', 'data: \n\n'],
    ['splits at LF', 'a\nb', 'data: a\ndata: b\n\n'],
    ['splits at CR', 'a\rb', 'data: a\ndata: b\n\n'],
    ['splits at CRLF, once', 'a\r\nb', 'data: a\ndata: b\n\n'],
    ['takes LF and CR in this order for two line breaks', 'a\n\rb', 'data: a\ndata: \ndata: b\n\n'],
    ['takes CR and CRLF for two line breaks', 'a\r\r\nb', 'data: a\ndata: \ndata: b\n\n'],
    ['keeps line breaks at both ends', '\na\n', 'data: \ndata: a\ndata: \n\n'],
    ['keeps empty lines', '\n\n', 'data: \ndata: \ndata: \n\n'],
    ['does not split where the standard does not', 'a\v\f\x85\u2028\u2029b', 'data: a\v\f\x85\u2028\u2029b\n\n'],
    ['keeps leading spaces', ' a\n  b', 'data:  a\ndata:   b\n\n'],
    ['keeps what looks like a field', 'id: 1\n\nevent: x\n:', 'data: id: 1\ndata: \ndata: event: x\ndata: :\n\n'],
    ['keeps patterns of replacement', '$&\n$1', 'data: $&\ndata: $1\n\n'],
    ['keeps NUL, BOM and pairs of surrogates', '\uFEFF\0📈', 'data: \uFEFF\0📈\n\n']
  ]
  for (const [why, text, frame] of frames) {
    t.test(why, async t => {
      t.equal(textFrame('', text, none, none), frame)
      t.equal(textFrame('event: x\n', text, 0, 0), `event: x\nid: 0\nretry: 0\n${frame}`)
    })
  }

  const refusals: Array<[why: string, text: unknown, expected: string, received: string]> = [
    ['rejects a lone surrogate, and shows where it is, not the text', 'pin 1234\n📈\ud83d', 'a string without lone surrogates', 'a lone surrogate at index 11'],
    ['rejects undefined', undefined, 'a string', 'undefined'],
    ['rejects a buffer', Buffer.from('a'), 'a string', 'Buffer'],
    ['rejects an array', ['a'], 'a string', 'Array'],
    ['rejects a String object', Object('a'), 'a string', 'String'],
    ['rejects an object with toString', { toString: () => 'a' }, 'a string', 'Object']
  ]
  for (const [why, text, expected, received] of refusals) {
    t.test(why, async t => {
      t.throws(() => textFrame('', untyped(text), none, none), invalid('data', expected, received))
      t.throws(() => commentFrame(untyped(text)), invalid('comment', expected, received))
    })
  }

  t.test('rejects a wrong id and a wrong retry', async t => {
    t.throws(() => textFrame('', 'a', '\n', none), { code: 'FST_ERR_SSE_FIELD_INVALID', message: /^the field 'id' / })
    t.throws(() => textFrame('', 'a', none, '1'), invalid('retry', 'a non-negative safe integer', '1'))
  })
})

t.test('commentFrame', async t => {
  const frames: Array<[why: string, text: string, frame: string]> = [
    ['writes one line, and no blank line after it', 'hello', ': hello\n'],
    ['makes a heartbeat of the empty text', '', ':\n'],
    ['writes every line as a comment of its own', 'a\nb\rc\r\nd', ': a\n: b\n: c\n: d\n'],
    ['writes an empty line as a comment', 'a\n\nb\n', ': a\n: \n: b\n: \n'],
    ['keeps what looks like a field', '\ndata: x', ': \n: data: x\n'],
    ['keeps a leading space', ' a', ':  a\n']
  ]
  for (const [why, text, frame] of frames) {
    t.test(why, async t => { t.equal(commentFrame(text), frame) })
  }
})

t.test('retryLine', async t => {
  t.test('writes one line, and no blank line after it', async t => { t.equal(retryLine(2_000), 'retry: 2000\n') })
  t.test('takes 0', async t => { t.equal(retryLine(0), 'retry: 0\n') })
  t.test('writes no sign for negative zero', async t => { t.equal(retryLine(-0), 'retry: 0\n') })

  const refusals: Array<[retry: unknown, received: string]> = [
    [-1, '-1'], [1.5, '1.5'], [NaN, 'NaN'], [Infinity, 'Infinity'], [2 ** 53, '9007199254740992'], [null, 'null'],
    [undefined, 'undefined'], ['5\ndata: x', '5\\ndata: x'], [[5], 'Array'], [Object(5), 'Number'], [{ valueOf: () => 5 }, 'Object']
  ]
  for (const [retry, received] of refusals) {
    t.test(`rejects ${typeof retry} ${received}`, async t => {
      t.throws(() => retryLine(retry), invalid('retry', 'a non-negative safe integer', received))
    })
  }
})

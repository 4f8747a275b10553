import t from 'tap'
import { connect, EventStreamError } from '../../lib/client/connect.js'
import { all, open, serve } from './server.js'

// What would fail with every attempt is refused before the first.

const WRONG: Array<[what: string, options: unknown, message: string | RegExp]> = [
  ['a time that is no number', { retryMs: '5' }, "retryMs can't be '5'"],
  ['NaN', { maxRetryMs: NaN }, "maxRetryMs can't be 'NaN'"],
  ['a negative time', { staleAfterMs: -1 }, "staleAfterMs can't be '-1'"],
  ['a negative count', { maxRetries: -1 }, "maxRetries can't be '-1'"],
  ['a length that is no number', { maxEventLength: true }, "maxEventLength can't be 'true'"],
  ['a name where names should be', { text: 'log' }, "text can't be 'log'"],
  ['a name of a final event where names should be', { final: 'done' }, "final can't be 'done'"],
  ['a GET with a body', { body: 'x' }, /^TypeError: .*body/],
  ['a method that is none', { method: 'GET IT' }, /^TypeError: .*GET IT/],
  ['a header that is none', { headers: { 'no header': 'x' } }, /^TypeError: /],
  ['a value that no header may have', { headers: { 'x-user': 'größe 🚀' } }, /^TypeError: /],
  ['credentials that are none', { credentials: 'always' }, /^TypeError: .*always/]
]

for (const [what, options, message] of WRONG) {
  t.test(`connect() refuses ${what}`, async t => {
    const fetch = async (): Promise<Response> => t.fail('it asks') as never
    t.throws(() => connect('http://127.0.0.1/', { fetch, ...options as object }), {
      name: 'EventStreamError', code: 'FST_ERR_SSE_CLIENT_OPTION', message
    })
  })
}

for (const url of ['/relative', 'http://', 'http://user:password@127.0.0.1/', '']) {
  t.test(`connect() refuses the URL '${url}' where there is no page`, async t => {
    try {
      connect(url)
      t.fail('it was taken')
    } catch (error) {
      t.ok(error instanceof EventStreamError)
      t.match(error, { code: 'FST_ERR_SSE_CLIENT_OPTION', cause: TypeError })
    }
  })
}

t.test('zero, infinity and what is not given are values', async t => {
  const { url } = await serve(t, response => { response.writeHead(204).end() })
  for (const options of [
    { retryMs: 0, maxRetryMs: 0, maxRetries: 0, staleAfterMs: Infinity, maxEventLength: Infinity },
    { retryMs: Infinity, maxRetries: Infinity, maxRetryMs: Infinity, text: [], final: [] },
    { method: undefined, headers: undefined, body: undefined, retryMs: undefined, reconnect: undefined, signal: undefined, text: undefined }
  ]) t.equal(await open(t, url, options as object).closed, 'complete')
})

t.test('the options are left as they are, and may be frozen', async t => {
  const { url } = await serve(t, response => { response.writeHead(204).end() })
  const options = Object.freeze({ headers: Object.freeze({ 'x-user': 'Ann' }), text: Object.freeze(['log']), final: Object.freeze([]) })
  await open(t, url, options).closed
  t.strictSame(options, { headers: { 'x-user': 'Ann' }, text: ['log'], final: [] })
})

t.test('a URL may be an object, and a method in small letters is the same', async t => {
  const { url, requests } = await serve(t, response => { response.writeHead(503).end() })
  const stream = open(t, url, { method: 'get', maxRetries: 1 })
  await all(stream).catch(() => {})
  await all(open(t, new URL('?a=b', url), { maxRetries: 0 })).catch(() => {})
  t.strictSame(requests.items.map(({ method, url }) => [method, url]), [['GET', '/'], ['GET', '/'], ['GET', '/?a=b']], 'it is a GET, which comes back')
})

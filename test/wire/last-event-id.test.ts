import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import t from 'tap'
import { readLastEventId, sendsLastEventId } from '../../lib/wire/last-event-id.js'

/** A header as Node gives it: one character per byte. */
const latin1 = (bytes: string | number[]) => Buffer.from(bytes as string).toString('latin1')

t.test('reads the header', async t => {
  const headers: Array<[why: string, header: string | string[] | undefined, id: string | undefined]> = [
    ['gives nothing without a header', undefined, undefined],
    ['reads an id', 'a-1', 'a-1'],
    ["reads '0'", '0', '0'],
    ['decodes UTF-8', latin1('zażółć 📈'), 'zażółć 📈'],
    ['keeps a BOM', latin1('\uFEFFa'), '\uFEFFa'],
    ['does not decode percent signs or plus signs', '%41+', '%41+'],
    ['takes the empty header for none, which is what a client without an id sends', '', undefined],
    ['refuses bad UTF-8', latin1([0x61, 0xff]), undefined],
    ['refuses UTF-8 that is cut off', latin1([0xe2, 0x82]), undefined],
    ['refuses an overlong NUL', latin1([0xc0, 0x80]), undefined],
    ['refuses an encoded surrogate', latin1([0xed, 0xa0, 0x80]), undefined],
    ['refuses characters that are no bytes', 'ł', undefined],
    ['refuses a NUL', 'a\0', undefined],
    ['refuses a CR', 'a\r', undefined],
    ['refuses an LF', 'a\n', undefined],
    ['reads 1 KiB', 'x'.repeat(1024), 'x'.repeat(1024)],
    ['refuses 1 KiB and a byte', 'x'.repeat(1025), undefined],
    ['counts bytes, not characters', latin1('é'.repeat(513)), undefined],
    ['reads 1 KiB of two-byte characters', latin1('é'.repeat(512)), 'é'.repeat(512)],
    ['refuses an array, since only one id can be the last', ['1', '2'], undefined]
  ]
  for (const [why, header, id] of headers) {
    t.test(why, async t => { t.equal(readLastEventId(header, undefined), id) })
  }
})

t.test('reads the query', async t => {
  const urls: Array<[why: string, url: string, id: string | undefined]> = [
    ['gives nothing without a query', '/', undefined],
    ['gives nothing for an empty query', '/?', undefined],
    ['gives nothing for other parameters', '/?lasteventid=1&xlastEventId=2&lastEventIdx=3', undefined],
    ['reads an id', '/?lastEventId=a-1', 'a-1'],
    ["reads '0'", '/?lastEventId=0', '0'],
    ['reads it behind other parameters', '/?a&b=%zz&lastEventId=7&c=1', '7'],
    ['reads the first of several', '/?lastEventId=1&lastEventId=2', '1'],
    ['reads an absolute target', 'http://host/path?lastEventId=1', '1'],
    ['keeps equals and question marks', '/?lastEventId=a=b?c', 'a=b?c'],
    ['does not read the path', '/&lastEventId=1', undefined],
    ['does not read the path before a query', '/&lastEventId=1&?a=1', undefined],
    ['decodes percent signs', '/?lastEventId=za%C5%BC%26%2b%20', 'zaż&+ '],
    ['takes a plus sign for a space', '/?lastEventId=+a++b', ' a  b'],
    ['decodes raw UTF-8, which HTTP/2 lets through', `/?lastEventId=${latin1('ż%C5%BC')}`, 'żż'],
    ['keeps U+FFFD that was sent as such', '/?lastEventId=%EF%BF%BD', '\uFFFD'],
    ['takes the empty parameter for none', '/?lastEventId=', undefined],
    ['takes a parameter without a value for none', '/?lastEventId', undefined],
    ['refuses a malformed escape', '/?lastEventId=%zz', undefined],
    ['refuses an escape that is cut off', '/?lastEventId=a%4', undefined],
    ['refuses bad UTF-8', '/?lastEventId=a%FF', undefined],
    ['refuses raw bad UTF-8', '/?lastEventId=a\xff', undefined],
    ['refuses characters that are no bytes', '/?lastEventId=ł', undefined],
    ['refuses a NUL', '/?lastEventId=a%00', undefined],
    ['refuses a CR', '/?lastEventId=a%0Db', undefined],
    ['refuses an LF', '/?lastEventId=a%0Ab', undefined],
    ['reads 1 KiB, however long its escapes', `/?lastEventId=${'%C3%A9'.repeat(512)}`, 'é'.repeat(512)],
    ['refuses 1 KiB and a byte', `/?lastEventId=${'%C3%A9'.repeat(512)}a`, undefined]
  ]
  for (const [why, url, id] of urls) {
    t.test(why, async t => { t.equal(readLastEventId(undefined, url), id) })
  }
})

t.test('prefers the header to the query', async t => {
  t.equal(readLastEventId('1', '/?lastEventId=2'), '1')
})

t.test('falls back to the query where the header counts as absent', async t => {
  for (const header of [undefined, '', latin1([0xff]), 'x'.repeat(1025)]) t.equal(readLastEventId(header, '/?lastEventId=2'), '2')
})

t.test('gives nothing without a header and a URL', async t => {
  t.equal(readLastEventId(undefined, undefined), undefined)
})

t.test('reads what a socket brought, repeated headers as one', async t => {
  const server = createServer((_request, response) => response.end()).listen(0)
  t.teardown(() => server.close())
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port)
  const requests = once(server, 'request') as Promise<[IncomingMessage]>
  client.end('GET / HTTP/1.1\r\nHost: a\r\nLast-Event-ID: żółw\r\nLast-Event-ID: 📈\r\n\r\n')
  const [request] = await requests
  t.equal(readLastEventId(request.headers['last-event-id'], request.url), 'żółw, 📈')
  await once(client.resume(), 'close')
})

t.test('tells whether a client sends an id, readable or not', async t => {
  for (const header of ['1', latin1([0xff]), 'x'.repeat(1025)]) t.equal(sendsLastEventId(header, '/'), true)
  for (const url of ['/?lastEventId=1', '/?a=b&lastEventId=%zz']) t.equal(sendsLastEventId(undefined, url), true)
  for (const url of [undefined, '/', '/?lastEventId=', '/?lastEventId', '/?a=b']) {
    t.equal(sendsLastEventId(undefined, url), false)
    t.equal(sendsLastEventId('', url), false)
  }
})

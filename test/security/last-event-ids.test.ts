import { createSecretKey } from 'node:crypto'
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { once } from 'node:events'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import { IdSigner } from '../../lib/channel/id-signer.js'
import { SignedIds } from '../../lib/channel/signed-ids.js'
import { eventStream } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'

const counts = eventStream({ count: Type.Number() })
const SECRET = 'a secret that is longer than 32 bytes'

async function serve (...parameters: Parameters<typeof loadedApp>) {
  const { app, listen } = await loadedApp(...parameters)
  const channel = app.sse.channel('counts', counts)
  app.get('/', { schema: { response: { 200: counts } } }, request => channel.subscribe(request))
  const id = await channel.publish(channel.event.count(1))
  await channel.publish(channel.event.count(2))
  return { app, id, listen }
}

/** What a client that sends these headers, or asks for this path, is told first. */
async function firstOf (client: RawClient): Promise<{ status: number, event: string, requested: string | undefined }> {
  await client.until(({ body, ended }) => /^event: [\s\S]*\n\n/m.test(body) || ended !== undefined)
  const event = /^event: (.*)$/m.exec(client.body)?.[1] ?? ''
  const data = /^data: (.*)$/m.exec(client.body)?.[1] ?? 'null'
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(client.text)?.[1]),
    event,
    requested: (JSON.parse(data) as { requested?: string } | null)?.requested
  }
}

t.test('whatever is sent as a last event id over HTTP/1.1, it resumes or is a gap', async t => {
  const { id, listen } = await serve(t)
  const { port } = await listen()
  const header = (value: string) => `Last-Event-ID: ${value}`
  const cases: Array<[why: string, headers: string[], path: string, requested: string | undefined]> = [
    ['its own resumes', [header(id)], '/', undefined],
    ['one that is too long counts as one that can not be read', [header('x'.repeat(1025))], '/', ''],
    ['8 KiB', [header('x'.repeat(8_192))], '/', ''],
    ['repeated headers are one id, which nobody was given', [header(id), header(id)], '/', `${id}, ${id}`],
    ['500 of them', Array.from({ length: 500 }, () => header(id)), '/', ''],
    ['as many places as fit', [header('a.1~'.repeat(255))], '/', 'a.1~'.repeat(255)],
    ['of repeated parameters the first', [], `/?lastEventId=${id}&lastEventId=other`, undefined],
    ['a wrong one first', [], `/?lastEventId=other&lastEventId=${id}`, 'other'],
    ['10,000 parameters', [], `/?${'a&'.repeat(5_000)}lastEventId=x`, 'x'],
    ['an array in the notation of others', [], `/?lastEventId[]=${id}`, 'none'],
    ['markup and line breaks', [], '/?lastEventId=%3Cscript%3E%22%0a%0aevent:%20count%0adata:%203', ''],
    ['the header counts for more', [header('other')], `/?lastEventId=${id}`, 'other']
  ]
  for (const [why, headers, path, requested] of cases) {
    const told = await firstOf(new RawClient(t, port).request(path, { headers }))
    const expected = requested === undefined
      ? { status: 200, event: 'count', requested: undefined }
      : requested === 'none' ? { status: 200, event: 'stream-position', requested: undefined } : { status: 200, event: 'stream-gap', requested }
    t.strictSame(told, expected, why)
  }
})

t.test('what is larger than Node takes is refused by Node, and the next is served', async t => {
  const { id, listen } = await serve(t)
  const { port } = await listen()
  const refused = new RawClient(t, port).request('/', { headers: [`Last-Event-ID: ${'x'.repeat(20_000)}`] })
  t.equal((await firstOf(refused)).status, 431)
  t.equal((await firstOf(new RawClient(t, port).request('/', { headers: [`Last-Event-ID: ${id}`] }))).event, 'count')
})

t.test('over HTTP/2, repeated headers are one id as well', async t => {
  const { id, listen } = await serve(t, {}, { http2: true } as never)
  const session: ClientHttp2Session = connectHttp2((await listen()).url)
  t.teardown(() => { session.close() })
  const stream = session.request({ ':path': '/', 'last-event-id': [id, id] })
  const [chunk] = await once(stream, 'data') as [Buffer]
  let body = chunk.toString()
  while (!body.includes('\n\n')) body += String((await once(stream, 'data') as [Buffer])[0])
  t.equal(/"requested":"(.*?)"/.exec(body)?.[1], `${id}, ${id}`)
  stream.close()
})

t.test('an id of many parts costs one comparison each at most, and they are few', async t => {
  const ids = new SignedIds({ channel: 'counts', secrets: [createSecretKey(Buffer.from(SECRET))] }).in('Ann')
  const own = ids.format({ epoch: 'e', offset: 7 })
  // What can be verified at all takes 26 characters.
  const forged = `e.1.${'A'.repeat(22)}`
  const id = `${Array.from({ length: 36 }, () => forged).join('~')}~${own}`
  t.ok(id.length <= 1024)
  const verify = t.capture(IdSigner.prototype, 'verify', IdSigner.prototype.verify)
  t.strictSame(ids.read(id, 'e'), { position: { epoch: 'e', offset: 7 }, isOwn: true }, 'and its own is found among them')
  t.equal(verify().length, 37)
  t.strictSame(ids.read('e.1~'.repeat(255), 'e'), { position: undefined, isOwn: false })
  t.equal(verify().length, 0, 'what is not signed is not looked at')
})

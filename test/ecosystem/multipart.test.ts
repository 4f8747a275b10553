import { Type } from '@sinclair/typebox'
import multipart from '@fastify/multipart'
import t from 'tap'
import sse, { eventStream } from '../../lib/index.js'
import { bareApp } from '../helpers/app.js'
import { decode } from '../helpers/event-stream-client.js'
import { count, counted, ticks } from './ticks.js'

t.test('an upload route and a stream share a server with @fastify/multipart', async t => {
  const { app, listen } = bareApp(t)
  app.register(multipart)
  app.register(sse)
  app.after(() => {
    app.get('/ticks', { schema: { response: { 200: ticks } } }, () => count(2))
    app.post('/upload', async request => {
      const file = await request.file()
      return { bytes: (await file?.toBuffer())?.length }
    })
  })
  const { url } = await listen()
  const [upload, stream] = await Promise.all([
    fetch(`${url}/upload`, { method: 'POST', body: form({ file: 100_000 }) }),
    fetch(`${url}/ticks`)
  ])
  t.strictSame(await upload.json(), { bytes: 100_000 })
  t.equal(await stream.text(), counted(2))
})

t.test('a stream can report on the parts of the upload that it reads', async t => {
  const { app, listen } = bareApp(t)
  app.register(multipart)
  app.register(sse)
  const progress = eventStream({
    part: Type.Object({ name: Type.String(), bytes: Type.Integer() }),
    done: Type.Null()
  }, { final: ['done'] })
  app.after(() => {
    app.post('/', { schema: { response: { 200: progress } } }, async function * (request) {
      for await (const part of request.files()) {
        let bytes = 0
        for await (const chunk of part.file) bytes += (chunk as Buffer).length
        yield progress.event.part({ name: part.fieldname, bytes })
      }
      yield progress.event.done()
    })
  })
  const { url } = await listen()
  const response = await fetch(url, { method: 'POST', body: form({ small: 10, large: 300_000 }) })
  t.equal(response.status, 200)
  t.strictSame(decode(await response.text()).map(({ event, data }) => [event, JSON.parse(data)]), [
    ['part', { name: 'small', bytes: 10 }],
    ['part', { name: 'large', bytes: 300_000 }],
    ['done', null]
  ])
})

t.test('a stream that was asked for without an upload fails as a 406 of @fastify/multipart', async t => {
  const { app } = bareApp(t)
  app.register(multipart)
  app.register(sse)
  app.after(() => {
    app.post('/', { schema: { response: { 200: ticks } } }, async function * (request) {
      await request.file()
    })
  })
  const response = await app.inject({ method: 'POST', url: '/', payload: {} })
  t.equal(response.statusCode, 406)
  t.equal(response.json().code, 'FST_INVALID_MULTIPART_CONTENT_TYPE')
})

function form (files: Record<string, number>): FormData {
  const data = new FormData()
  for (const [name, bytes] of Object.entries(files)) data.append(name, new Blob(['x'.repeat(bytes)]), `${name}.txt`)
  return data
}

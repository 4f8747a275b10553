import { Type } from '@sinclair/typebox'
import { Validator } from '@cfworker/json-schema'
import t from 'tap'
import { eventStream } from '../../lib/index.js'
import { testApp } from '../helpers/app.js'
import { decode } from '../helpers/event-stream-client.js'
import { documentOf, type Media } from './document.js'

const job = eventStream({
  progress: Type.Object({ percent: Type.Number({ minimum: 0 }) }, { description: 'How far it is', examples: [{ percent: 50 }, { percent: 75 }] }),
  log: Type.String({ contentMediaType: 'text/plain', title: 'A line', examples: ['started'] }),
  message: Type.Integer(),
  done: Type.Null()
}, { final: ['done'], description: 'A job at work' })

const id = { type: 'string', description: 'Becomes the last event ID, which a client sends back when it reconnects.' }
const retry = { type: 'integer', minimum: 0, description: 'How long to wait before reconnecting, in milliseconds.' }
const json = (contentSchema: object): object => ({ type: 'string', contentMediaType: 'application/json', contentSchema })
const FINAL = 'This event completes the stream: nothing follows, and the client should not reconnect.'

const EVENTS = {
  oneOf: [
    {
      title: 'progress',
      description: 'How far it is',
      type: 'object',
      required: ['event', 'data'],
      properties: {
        event: { type: 'string', const: 'progress' },
        data: json({
          description: 'How far it is',
          examples: [{ percent: 50 }, { percent: 75 }],
          type: 'object',
          required: ['percent'],
          properties: { percent: { type: 'number', minimum: 0 } }
        }),
        id,
        retry
      },
      examples: [{ event: 'progress', data: '{"percent":50}' }, { event: 'progress', data: '{"percent":75}' }]
    },
    {
      title: 'log',
      type: 'object',
      required: ['event', 'data'],
      properties: {
        event: { type: 'string', const: 'log' },
        data: { type: 'string', contentMediaType: 'text/plain', title: 'A line', examples: ['started'] },
        id,
        retry
      },
      examples: [{ event: 'log', data: 'started' }]
    },
    {
      title: 'message',
      type: 'object',
      required: ['data'],
      properties: { event: { type: 'string', const: 'message' }, data: json({ type: 'integer' }), id, retry }
    },
    {
      title: 'done',
      description: FINAL,
      type: 'object',
      required: ['event', 'data'],
      properties: { event: { type: 'string', const: 'done' }, data: json({ type: 'null' }), id, retry },
      'x-event-stream-final': true
    }
  ]
}

async function media (t: Parameters<typeof documentOf>[0], openapi: string): Promise<Media> {
  const { paths } = await documentOf(t, openapi, app => {
    app.get('/job', { schema: { response: { 200: job } } }, async function * () {})
  })
  const { description, content } = paths['/job']?.['get']?.responses['200'] ?? {}
  t.equal(description, 'A job at work')
  t.strictSame(Object.keys(content ?? {}), ['text/event-stream'])
  return content?.['text/event-stream'] as Media
}

t.test('OpenAPI 3.2 has the events as the items of the stream', async t => {
  t.strictSame(await media(t, '3.2.0'), { schema: { type: 'array', items: EVENTS }, itemSchema: EVENTS })
})

t.test('a version that is yet to come is written like the newest', async t => {
  t.strictSame(Object.keys(await media(t, '3.2.1')), ['schema', 'itemSchema'])
})

t.test('OpenAPI 3.1 has one event as its schema', async t => {
  t.strictSame(await media(t, '3.1.0'), { schema: EVENTS })
})

t.test('OpenAPI 3.0 has one event with its data as they are once they are parsed', async t => {
  const [progress, log, message, done] = EVENTS.oneOf
  const event = (name: string): object => ({ type: 'string', enum: [name] })
  const { examples: _, ...restOfProgress } = progress as { examples: unknown }
  const { examples: __, ...restOfLog } = log as { examples: unknown }
  t.strictSame(await media(t, '3.0.3'), {
    schema: {
      oneOf: [
        {
          ...restOfProgress,
          properties: {
            event: event('progress'),
            data: {
              description: 'How far it is',
              type: 'object',
              required: ['percent'],
              properties: { percent: { type: 'number', minimum: 0 } },
              example: { percent: 50 }
            },
            id,
            retry
          },
          example: { event: 'progress', data: { percent: 50 } }
        },
        {
          ...restOfLog,
          properties: {
            event: event('log'),
            data: { type: 'string', title: 'A line', example: 'started', 'x-content-media-type': 'text/plain' },
            id,
            retry
          },
          example: { event: 'log', data: 'started' }
        },
        { ...message, properties: { event: event('message'), data: { type: 'integer' }, id, retry } },
        { ...done, properties: { event: event('done'), data: { type: 'object', nullable: true, enum: [null] }, id, retry } }
      ]
    }
  })
})

t.test('what is sent is what the document says', async t => {
  const { itemSchema } = await media(t, '3.2.0')
  const item = new Validator(itemSchema as object, '2020-12')
  const { progress, log, message, done } = job.event
  const { app } = testApp(t)
  await app.after()
  app.get('/job', { schema: { response: { 200: job } } }, async function * () {
    yield progress({ percent: 50 }, { id: 1 })
    yield log('two\nlines', { retry: 10 })
    yield message(7)
    yield done()
  })
  const events = decode((await app.inject('/job')).body)
  t.equal(events.length, 4)
  for (const { event, data, id } of events) {
    // The parser leaves out what was not sent.
    const received = JSON.parse(JSON.stringify({ event, data, id })) as { event?: string }
    t.ok(item.validate(received).valid, `${event ?? 'message'} is as documented`)
    t.notOk(item.validate({ ...received, event: 'other' }).valid)
  }
  const { contentSchema } = (EVENTS.oneOf[0] as { properties: { data: { contentSchema: object } } }).properties.data
  t.ok(new Validator(contentSchema, '2020-12').validate(JSON.parse(events[0]?.data as string)).valid)
})

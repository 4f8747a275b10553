import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import { describe, expect, test } from 'tstyche'
import sse, { eventStream, type FastifySseOptions, type StreamOptions } from '../lib/index.js'

const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()
const job = eventStream({ progress: Type.Object({ percent: Type.Number() }), failed: Type.Object({ reason: Type.String() }) })
const schema = { params: Type.Object({ id: Type.String() }), response: { 200: job, 404: Type.Object({ message: Type.String() }) } }

describe('the options of the plugin', () => {
  test('may be left out, and may all be given', () => {
    app.register(sse)
    app.register(sse, {})
    app.register(sse, {
      heartbeatMs: 10_000,
      retryMs: 1_000,
      commitAfterMs: 0,
      maxBufferedBytes: 65_536,
      stallTimeoutMs: 60_000,
      maxAgeMs: Infinity,
      onComplete: 'reconnect',
      onStreamError: (error, request) => ({ event: 'failed', data: error.message, id: request.id }),
      maxStreams: 10_000,
      maxStreamsPerKey: Infinity,
      streamKey: request => request.ip,
      validate: false,
      compress: { encodings: ['zstd', 'gzip', 'br'], level: 6 },
      closeTimeoutMs: 1_000,
      closeSpreadMs: 0,
      ajv: { customOptions: { formats: { even: /^(..)*$/ } } },
      prefix: '/v1',
      logLevel: 'warn'
    })
    app.register(sse, () => ({ heartbeatMs: 10_000 }))
  })

  test('are checked by name and by kind', () => {
    // it is heartbeatMs
    // @ts-expect-error 'heartbeat' does not exist in type 'FastifyRegisterOptions<FastifySseOptions>'.
    app.register(sse, { heartbeat: 1_000 })
    const limits: FastifySseOptions = {
      // what has to be waited for belongs in a hook
      // @ts-expect-error Type 'Promise<string>' is not assignable to type 'string'.
      streamKey: async () => 'ann'
    }
    expect(limits).type.toBeAssignableTo<StreamOptions>()
    const options: FastifySseOptions = {
      // milliseconds are a number
      // @ts-expect-error Type 'string' is not assignable to type 'number'.
      heartbeatMs: '15s',
      // there are two ways to end
      // @ts-expect-error Type '"restart"' is not assignable to type '"reconnect" | "stop"'.
      onComplete: 'restart',
      // browsers mean different things by it
      // @ts-expect-error Type '"deflate"' is not assignable to type 'ContentEncoding'.
      compress: { encodings: ['deflate'] }
    }
    expect(options).type.toBe<FastifySseOptions>()
  })
})

describe('the options of a route', () => {
  test('are those of a stream', () => {
    app.get('/', { sse: {} }, () => {})
    app.get('/', { sse: { heartbeatMs: 1_000 } }, () => {})
    app.get('/', { config: { sse: { heartbeatMs: 1_000 } } }, () => {})
    app.get('/', { sse: { compress: true } }, () => {})
    app.get('/', { sse: { compress: false } }, () => {})
    expect<FastifySseOptions>().type.toBeAssignableTo<StreamOptions>()
  })

  test('are checked by name and by kind', () => {
    // it is heartbeatMs
    // @ts-expect-error 'heartbeat' does not exist in type 'StreamOptions<AnyStreamEvent>'. Did you mean to write 'heartbeatMs'?
    app.get('/', { sse: { heartbeat: 1_000 } }, () => {})
    // a route does not close the server
    // @ts-expect-error 'closeTimeoutMs' does not exist in type 'StreamOptions<AnyStreamEvent>'.
    app.get('/', { sse: { closeTimeoutMs: 1_000 } }, () => {})
    // milliseconds are a number
    // @ts-expect-error Type 'string' is not assignable to type 'never'.
    app.get('/', { config: { sse: { heartbeatMs: '1s' } } }, () => {})
  })
})

describe('onStreamError', () => {
  test('gets the error and the request, and may give up', () => {
    app.get('/', {
      sse: {
        onStreamError (error, request) {
          expect(error).type.toBe<Error>()
          expect(request.url).type.toBe<string>()
          return undefined
        }
      }
    }, async function * () {})
  })

  test('gives an event of its route', () => {
    app.get('/:id', { schema, sse: { onStreamError: error => job.event.failed({ reason: error.message }) } }, async function * (request) {
      expect(request.params).type.toBe<{ id: string }>()
      yield job.event.progress({ percent: 1 })
    })
    app.get('/', { sse: { onStreamError: () => ({ event: 'anything', data: 1 }) } }, async function * () {})
    app.get('/:id', {
      schema,
      sse: {
        // "finished" is not declared
        // @ts-expect-error Type '"finished"' is not assignable to type
        onStreamError: () => ({ event: 'finished' as const, data: { reason: 'unknown' } })
      }
    }, (_request, reply) => reply.sse)
  })
})

import type { FastifyInstance } from 'fastify'
import { describe, expect, test } from 'tstyche'
import type { Metrics } from '../lib/index.js'

declare const app: FastifyInstance

describe('app.sse.metrics()', () => {
  test('tells plain numbers', () => {
    expect(app.sse.metrics()).type.toBe<Metrics>()
    for (const { closed, timeToFirstEvent } of app.sse.metrics().routes) {
      expect(closed['max-age']).type.toBe<number>()
      expect(timeToFirstEvent.counts).type.toBe<number[]>()
    }
  })

  test('knows the reasons', () => {
    // there is no such reason
    // @ts-expect-error Property 'bored' does not exist on type 'Record<CloseReason, number>'.
    void app.sse.metrics().routes[0]?.closed.bored
  })
})

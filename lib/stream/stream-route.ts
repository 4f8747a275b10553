import type { FastifyRequest } from 'fastify'
import type { ResolvedStreamOptions } from '../../types/options.js'
import type { EventCodec } from '../schema/codec.js'
import type { RouteTally } from '../telemetry/route-tally.js'
import type { Streams } from './streams.js'

/** What a stream has to know of its route. */
export interface StreamRoute {
  /** Method and path pattern, such as `GET /prices/:symbol`. */
  readonly name: string
  readonly options: Readonly<ResolvedStreamOptions>
  /** All open streams of the route's scope. */
  readonly streams: Streams
  /** Counts its streams. */
  readonly tally: RouteTally
  /** @throws FST_ERR_SSE_STATUS_UNDECLARED */
  readonly codecFor: (statusCode: number, iterable: unknown) => EventCodec
  /** Logs a refused event, once per event name. */
  readonly logRefusal: (error: unknown, event: unknown, request: FastifyRequest) => void
  /** Says once what a browser does when a stream like this one ends. */
  readonly hintAtFinal: (request: FastifyRequest) => void
}

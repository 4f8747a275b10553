import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Broker } from '../../types/broker.js'
import type { EventStream } from '../../types/event.js'
import type { StreamCodec } from '../schema/codec.js'
import type { PageReads } from './page-reads.js'
import type { OwnerScope } from './owner.js'

/** What the channels of one scope share. */
export interface ChannelScope {
  /** By which they were opened. */
  readonly app: FastifyInstance
  readonly log: FastifyBaseLogger
  readonly broker: Broker
  readonly reads: PageReads
  /** @throws FST_ERR_SSE_SCHEMA_BUILD */
  readonly compile: (stream: EventStream, channel: string) => StreamCodec
  readonly owners: OwnerScope
}

import type { CloseReason } from '../../types/sink.js'
import type { StreamRoute } from './stream-route.js'

/** Why a stream ends whose client should come back. */
export type ComeBack = Extract<CloseReason, 'shutdown' | 'overloaded' | 'max-age' | 'expired'>

/** When the stream was only too old, or its credentials were. */
const SOON_MS = 1_000

/** How long the client of a stream that ends early should wait before it comes back, in milliseconds. */
export function comeBackMs (reason: ComeBack, { options: { retryMs }, streams }: Pick<StreamRoute, 'options' | 'streams'>): number {
  // Those who leave together should not come back together.
  return reason === 'shutdown' || reason === 'overloaded' ? retryMs + streams.closeJitterMs() : Math.min(retryMs, SOON_MS)
}

import type { EventStream } from '../../types/event.js'
import type { Carrier } from './carrier.js'

// Symbol.for, so that the ESM and the CommonJS copy of this package know each other's subscriptions.
const kFrames = Symbol.for('fastify-typed-sse.frames')

/** Frames that leave together, already encoded and shared: nobody may change the bytes. Made by `shareFrames`. */
export interface Frames {
  readonly bytes: Buffer
  /** The chunk of HTTP/1.1 around these bytes, in the same memory. */
  readonly chunk: Buffer
  /** Events among them. */
  readonly events: number
}

/** Takes frames past the source that they are of. */
export interface FrameTaker {
  /**
   * Takes frames at once, if there is room: for a source that has nothing else waiting, and knows that no event among
   * them is final. A broadcast is as many calls, and how many objects each of them touches is most of what it costs
   * beside the socket (npm run bench -- --workload fan-out).
   *
   * @returns Whether they were taken.
   */
  offer: (frames: Frames) => boolean
}

/** What a source of frames has to know of the stream that carries it. */
export interface FrameCarrier {
  /** The answer that the stream is. */
  readonly carrier: Carrier
  /** Names of the events that complete the stream. */
  readonly final: ReadonlySet<unknown>
  /** Whether a final event gets the id that keeps a browser from coming back. */
  readonly marksEnd: boolean
  /** Called when there is something to read, or when the source has ended. Never from within `read`. */
  onReadable: () => void
}

/** A source whose events are encoded, and checked, already. It can have many of them ready without a promise for each. */
export interface FrameSource {
  /** What is ready, about a chunk of it; undefined when nothing is. @throws What the source has failed with. */
  read: () => Frames | undefined
  /** Whether there is nothing left, now and later: it has ended by itself, its last frame was a final event, or what it reads was closed. */
  readonly ended: 'complete' | 'final' | 'shutdown' | undefined
  /** Frames may be offered to this one, past whoever reads, while nothing else waits. */
  offerTo: (taker: FrameTaker) => void
  /** Ends it. Idempotent. */
  stop: () => void
}

/** An iterable that can also be read frame by frame. */
export interface FrameIterable extends AsyncIterable<unknown> {
  /** The streams by whose schemas its events were checked. */
  readonly streams: readonly EventStream[]
  [kFrames]: (carrier: FrameCarrier) => FrameSource
}

export { kFrames }

export function isFrameIterable (value: unknown): value is FrameIterable {
  return typeof value === 'object' && value !== null && kFrames in value
}

// Symbol.for, so that the ESM and the CommonJS copy of this package know each other's events.
const kFrame = Symbol.for('fastify-typed-sse.frame')

/** An event's frame that is ready. */
export interface CarriedFrame {
  /** The schema by which its payload was checked; undefined for what the plugin itself says. */
  readonly schema: unknown
  readonly frame: (id: string | undefined) => string
}

/** Hangs its frame on an event, where neither a copy nor JSON takes it along. The event must not change any more. */
export function carryFrame<T extends object> (event: T, frame: CarriedFrame): T {
  return Object.defineProperty(event, kFrame, { value: frame, enumerable: false })
}

export function carriedFrame (event: object): CarriedFrame | undefined {
  return (event as Record<symbol, CarriedFrame | undefined>)[kFrame]
}

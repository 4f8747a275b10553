// Symbol.for, so that the ESM and the CommonJS copy of this package know each other's routes.
/** In the config of a route of this package's own: its streams are in no limit, and take nobody's place. */
export const kUnlimited = Symbol.for('fastify-typed-sse.unlimited')

/** The last argument of an error of `@fastify/error` that has a cause: the types of that package don't know it. */
export function withCause (cause: unknown): [] {
  return [{ cause }] as unknown as []
}

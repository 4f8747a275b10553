/** What Fastify's own error handler answers with. */
export const ERROR_SCHEMA = {
  type: 'object',
  additionalProperties: true,
  properties: { statusCode: { type: 'number' }, code: { type: 'string' }, error: { type: 'string' }, message: { type: 'string' } }
}

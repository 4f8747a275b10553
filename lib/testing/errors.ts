import createError from '@fastify/error'

/** The errors of the testing helper; `docs/testing.md` explains each. */

export const FST_ERR_SSE_TEST_NO_STREAM = createError<[request: string, received: string, body: string]>('FST_ERR_SSE_TEST_NO_STREAM', '%s answered with %s instead of an event stream: %s', 500)
export const FST_ERR_SSE_TEST_ENCODED = createError<[request: string, encoding: string]>('FST_ERR_SSE_TEST_ENCODED', "%s answered with an event stream in the content-encoding '%s', which is not read here; ask without accept-encoding", 500)
export const FST_ERR_SSE_TEST_ENDED = createError<[request: string, how: string, events: string, expected: string]>('FST_ERR_SSE_TEST_ENDED', '%s %s after %s, where %s expected', 500)
export const FST_ERR_SSE_TEST_CUT = createError<[request: string, events: string, reason: string]>('FST_ERR_SSE_TEST_CUT', "%s was cut after %s; its close record gives the reason '%s', and the app's log tells more", 500)

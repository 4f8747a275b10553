import type { FastifyReply } from 'fastify'
import t from 'tap'
import { addVary } from '../../lib/stream/vary.js'

/** What becomes of a Vary that is there already. */
function added (vary: string | string[] | undefined, header: 'Accept' | 'Accept-Encoding'): unknown {
  let now: unknown = vary
  addVary({ getHeader: () => now, header: (_name: string, value: string) => { now = value } } as unknown as FastifyReply, header)
  return now
}

t.test('adds a header to those that an answer varies by', async t => {
  t.equal(added(undefined, 'Accept-Encoding'), 'Accept-Encoding')
  t.equal(added('Origin', 'Accept-Encoding'), 'Origin, Accept-Encoding')
  t.equal(added(['Origin', 'Cookie'], 'Accept'), 'Origin, Cookie, Accept')
  t.equal(added('Accept', 'Accept-Encoding'), 'Accept, Accept-Encoding')
  t.equal(added('Accept-Encoding', 'Accept'), 'Accept-Encoding, Accept')
})

t.test('leaves what says so already', async t => {
  for (const vary of ['Accept-Encoding', 'origin,accept-encoding', '*', 'Cookie, *']) t.equal(added(vary, 'Accept-Encoding'), vary)
})

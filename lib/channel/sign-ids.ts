import { createSecretKey, type KeyObject } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { SignIdsOptions } from '../../types/channel.js'
import { describe } from '../describe.js'
import { FST_ERR_SSE_OPTION_INVALID, FST_ERR_SSE_SUBSCRIBE_INVALID } from '../errors.js'
import { isTopic } from './subscribe-options.js'

/** How a channel signs its ids. */
export interface ResolvedSignIds {
  /** The first signs, all of them verify. As keys, which nothing prints. */
  readonly secrets: readonly [KeyObject, ...KeyObject[]]
  /** Undefined where all subscribers have the same ids. */
  readonly scope: ((request: FastifyRequest) => unknown) | undefined
}

/** A key as long as the digest: with a shorter one, to guess it is less work than to guess a signature of its scope's key. */
const MIN_SECRET_BYTES = 32

const EXPECTED = `a string or a Buffer of at least ${MIN_SECRET_BYTES} bytes, or an array of such`

const KNOWN = new Set(['secret', 'scope'])

/**
 * Checks the option `signIds` of a channel. No part of a secret gets into an error.
 *
 * @throws FST_ERR_SSE_OPTION_INVALID
 */
export function resolveSignIds (channel: string, options: SignIdsOptions): ResolvedSignIds {
  const fail = (option: string, expected: string, received: string): Error =>
    FST_ERR_SSE_OPTION_INVALID(`channel '${channel}': option ${option}`, expected, received)
  if (typeof options !== 'object' || options === null) throw fail('signIds', 'an object', typeof options)
  const unknown = Object.keys(options).find(name => !KNOWN.has(name))
  if (unknown !== undefined) throw fail(`signIds.${unknown}`, `one of ${[...KNOWN].join(', ')}`, unknown)
  const { secret, scope } = options
  const given: readonly unknown[] = Array.isArray(secret) ? secret : [secret]
  const [first, ...others] = given.map(each => {
    if (typeof each !== 'string' && !(each instanceof Uint8Array)) throw fail('signIds.secret', EXPECTED, typeof each)
    const bytes = Buffer.from(each)
    if (bytes.length < MIN_SECRET_BYTES) throw fail('signIds.secret', EXPECTED, `one of ${bytes.length} bytes`)
    return createSecretKey(bytes)
  })
  if (first === undefined) throw fail('signIds.secret', EXPECTED, 'none')
  if (scope !== undefined && typeof scope !== 'function') throw fail('signIds.scope', 'a function', describe(scope))
  return { secrets: [first, ...others], scope }
}

/**
 * Whose ids a subscriber has.
 *
 * @param request The request that it is, if it is one.
 * @throws FST_ERR_SSE_SUBSCRIBE_INVALID where that can't be said: ids that are good for nobody in particular are good for everybody.
 */
export function scopeOf (channel: string, { scope }: ResolvedSignIds, request: FastifyRequest | undefined, ownScope: unknown): string {
  if (scope === undefined) return ''
  const name = request === undefined ? ownScope : scope(request)
  if (isTopic(name)) return name
  // Its rejection would be nobody's, and end the process.
  if (name instanceof Promise) name.catch(() => {})
  throw FST_ERR_SSE_SUBSCRIBE_INVALID(`the channel '${channel}' signs its ids, so the scope of a subscriber should be a non-empty string, instead got '${describe(name)}'`)
}

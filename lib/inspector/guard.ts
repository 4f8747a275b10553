import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { FST_ERR_SSE_INSPECTOR_REFUSED } from '../errors.js'
import type { Authorize } from './inspector-options.js'

/**
 * Runs the hook of the app. What it says is taken as Fastify does, but for what is false: from a function that was written
 * to answer whether somebody may, that means no, and Fastify would let them pass, or never answer.
 */
export function guard (authorize: Authorize): onRequestHookHandler {
  const callsBack = authorize.length > 2
  return function (request, reply, done) {
    // What it says first counts: it might call back and return as well.
    let isDecided = false
    const decide = (error?: Error | null): void => {
      if (isDecided) return
      isDecided = true
      done(error ?? undefined)
    }
    const refuse = (): void => { decide(FST_ERR_SSE_INSPECTOR_REFUSED('authorize says no')) }
    const answer = (said: unknown): void => {
      if (said !== undefined && !said && !reply.sent) refuse()
      else decide()
    }
    const callBack = (error?: Error | null, said?: unknown): void => {
      if (error == null) answer(said)
      else decide(error)
    }
    // What one that calls back returns may be anything, also a promise that tells nothing yet.
    const answerBy = (said: unknown): void => {
      if (typeof said === 'boolean' || !callsBack) answer(said)
    }
    // An error that is none would be taken for no error.
    const fail = (thrown: unknown): void => {
      if (thrown instanceof Object) decide(thrown as Error)
      else refuse()
    }
    try {
      const said = authorize.call(this, request, reply, callBack)
      if (isPromise(said)) said.then(answerBy, fail)
      else if (said !== undefined) answerBy(said)
    } catch (error) {
      fail(error)
    }
  }
}

/**
 * Refuses what another site makes a browser send, with the credentials that the browser has for this one: whatever
 * changes something, and what would be read. Links that lead to the page are let through.
 *
 * @param page The path of the page.
 */
export function refuseOtherSites (page: string): onRequestHookHandler {
  return (request, _reply, done) => {
    done(isFromOtherSite(request, page) ? FST_ERR_SSE_INSPECTOR_REFUSED('it comes from another site') : undefined)
  }
}

function isPromise (value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function'
}

function isFromOtherSite ({ method, headers, host, routeOptions: { url } }: FastifyRequest, page: string): boolean {
  const isRead = method === 'GET' || method === 'HEAD'
  // Browsers send it to what they trust, that is with TLS or on this machine, and no page can change it.
  const site = headers['sec-fetch-site']
  if (site !== undefined) {
    if (site === 'same-origin' || (isRead && site === 'none')) return false
    return !(isRead && headers['sec-fetch-mode'] === 'navigate' && (url === page || `${url}/` === page))
  }
  const { origin } = headers
  // Without either it is no browser, and has no credentials but its own.
  return origin !== undefined && !isOriginOf(origin, host)
}

/** By the host alone: what is before a proxy has TLS, and what is behind it need not know. */
function isOriginOf (origin: string, host: string): boolean {
  try {
    return new URL(origin).host === new URL(`http://${host}`).host || new URL(origin).host === new URL(`https://${host}`).host
  } catch {
    return false // such as `null`, of a page without an origin
  }
}

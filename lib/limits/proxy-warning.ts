import type { FastifyRequest } from 'fastify'

/** Says once that all clients behind a proxy are counted as one. */
export class ProxyWarning {
  #isGiven = false

  check (request: FastifyRequest): void {
    // Fastify knows the addresses of proxies where it trusts any.
    if (this.#isGiven || request.ips !== undefined || request.headers['x-forwarded-for'] === undefined) return
    this.#isGiven = true
    request.log.warn(
      "maxStreamsPerKey counts by IP, and a request came through a proxy, or says so: set Fastify's trustProxy to the proxy's address (not to true, which believes what clients write), or all clients of the proxy have the same key; or give a streamKey"
    )
  }
}

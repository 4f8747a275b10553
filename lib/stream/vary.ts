import type { FastifyReply } from 'fastify'

/** Tells caches that the answer depends on a header of the request, whatever else the route tells them. */
export function addVary (reply: FastifyReply, header: 'Accept' | 'Accept-Encoding'): void {
  const vary = [reply.getHeader('vary') ?? []].flat().join(', ')
  const isTold = vary.split(',').some(told => told.trim() === '*' || told.trim().toLowerCase() === header.toLowerCase())
  if (!isTold) reply.header('vary', vary === '' ? header : `${vary}, ${header}`)
}

import type { FastifyRequest } from 'fastify'
import { isTogether } from './per-channel.js'

/** The attributes of a route, from its name, such as `GET /prices/:symbol`. One of several methods has none: it is told of all. */
export function routeAttributes (route: string): { 'http.request.method'?: string, 'http.route': string } {
  const space = route.indexOf(' ')
  const method = route.slice(0, space)
  return { ...(!method.includes(',') && { 'http.request.method': method }), 'http.route': route.slice(space + 1) }
}

/** The attributes of a request to a route, of which the method is its own. */
export function requestAttributes ({ method }: FastifyRequest, route: string): { 'http.request.method': string, 'http.route': string } {
  return { ...routeAttributes(route), 'http.request.method': method }
}

/** The attributes of a channel, or of all together. */
export function channelAttributes (channel: string): { 'sse.channel'?: string } {
  return isTogether(channel) ? {} : { 'sse.channel': channel }
}

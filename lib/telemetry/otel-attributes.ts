import { isTogether } from './per-channel.js'

/** The attributes of a route, from its name, such as `GET /prices/:symbol`. */
export function routeAttributes (route: string): { 'http.request.method': string, 'http.route': string } {
  const space = route.indexOf(' ')
  return { 'http.request.method': route.slice(0, space), 'http.route': route.slice(space + 1) }
}

/** The attributes of a channel, or of all together. */
export function channelAttributes (channel: string): { 'sse.channel'?: string } {
  return isTogether(channel) ? {} : { 'sse.channel': channel }
}

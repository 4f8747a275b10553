/** The attributes of a route, from its name, such as `GET /prices/:symbol`. */
export function routeAttributes (route: string): { 'http.request.method': string, 'http.route': string } {
  const space = route.indexOf(' ')
  return { 'http.request.method': route.slice(0, space), 'http.route': route.slice(space + 1) }
}

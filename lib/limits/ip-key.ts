import { isIPv6 } from 'node:net'

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
const MAPPED_GROUPS = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/i

/** What some proxies write: `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
const WITH_PORT = /^\[(.+)\](?::\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$/

/** A network of IPv6 has the first four of its eight groups, which is what one customer gets at least. */
const GROUPS = 8
const NETWORK_GROUPS = 4

/**
 * Whom an IP stands for: an IPv4 address for itself, an IPv6 one for its network of 64 bits, in which one client has as many
 * addresses as it likes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6177
 * @example
 * ipKey('2001:db8::1') // '2001:db8:0:0::/64'
 */
export function ipKey (address: string): string {
  const [, inBrackets, beforePort] = WITH_PORT.exec(address) ?? []
  const ip = inBrackets ?? beforePort ?? address
  const [, ipv4] = MAPPED_IPV4.exec(ip) ?? []
  if (ipv4 !== undefined) return ipv4
  const [, high, low] = MAPPED_GROUPS.exec(ip) ?? []
  if (high !== undefined && low !== undefined) return [...bytesOf(high), ...bytesOf(low)].join('.')
  if (!isIPv6(ip)) return ip
  const [head = '', tail] = ip.toLowerCase().split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const zeros = Array.from({ length: tail === undefined ? 0 : GROUPS - before.length - after.length }, () => '0')
  return `${[...before, ...zeros, ...after].slice(0, NETWORK_GROUPS).join(':')}::/64`
}

/** The two bytes of a group. */
function bytesOf (group: string): number[] {
  const value = Number.parseInt(group, 16)
  return [value >> 8, value & 0xff]
}

/** Without leading zeros. One that ends with an IPv4 address has two groups there. */
function groupsOf (part: string): string[] {
  if (part === '') return []
  return part.split(':').flatMap(group => group.includes('.') ? ['0', '0'] : group.replace(/^0+(?=.)/, ''))
}

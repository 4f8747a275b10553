import t from 'tap'
import { ipKey } from '../../lib/limits/ip-key.js'

t.test('an IPv4 address stands for itself, also where a socket of IPv6 shows it', async t => {
  t.equal(ipKey('192.0.2.1'), '192.0.2.1')
  t.equal(ipKey('::ffff:192.0.2.1'), '192.0.2.1')
  t.equal(ipKey('::FFFF:192.0.2.1'), '192.0.2.1')
  t.equal(ipKey('::ffff:c000:201'), '192.0.2.1')
})

t.test('a port, which some proxies write, is no part of it', async t => {
  t.equal(ipKey('192.0.2.1:4711'), '192.0.2.1')
  t.equal(ipKey('[2001:db8::1]:4711'), '2001:db8:0:0::/64')
  t.equal(ipKey('[2001:db8::1]'), '2001:db8:0:0::/64')
  t.equal(ipKey('[::ffff:192.0.2.1]:4711'), '192.0.2.1')
})

t.test('an IPv6 address stands for its network of 64 bits, however it is written', async t => {
  const cases: Array<[ip: string, key: string]> = [
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:0:0:0:1', '2001:db8:0:0::/64'],
    ['2001:db8:0000::0:1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['1:2:3::', '1:2:3:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64']
  ]
  for (const [ip, key] of cases) t.equal(ipKey(ip), key, ip)
})

t.test('what is no address, as a trusted proxy may say it, stands for itself', async t => {
  for (const text of ['unknown', '', 'host:1', '192.0.2.1:port']) t.equal(ipKey(text), text)
})

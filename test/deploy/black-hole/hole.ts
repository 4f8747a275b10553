import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { findBinary } from '../../helpers/services.js'

/** Of the peers that fall into the hole. Everybody else has another address. */
export const LOST_ADDRESS = '127.0.0.2'

/** How often Linux sends what is not acknowledged, until it gives up. A network namespace has its own. */
export function setRetries (retries: number): void {
  writeFileSync('/proc/sys/net/ipv4/tcp_retries2', String(retries))
}

/** A kernel that can't drop packets, or may not, ends the program with this code. */
export const NO_HOLE = 69

/** Makes the loopback interface of a new network namespace work. */
export function openLoopback (): void {
  ip('link set lo up')
}

/**
 * From now on nothing arrives that comes from the lost address or goes to it, and nobody is told. It is taken away where it
 * arrives, since a sender whose own queue drops a packet knows it, and tries again sooner than one whose network does.
 */
export function digHole (): void {
  ip('link add hole type veth peer name bottom')
  ip('link set hole up')
  ip('link set bottom up')
  tc('qdisc add dev lo clsact')
  for (const direction of ['src', 'dst']) {
    tc(`filter add dev lo ingress protocol ip u32 match ip ${direction} ${LOST_ADDRESS}/32 action mirred egress redirect dev hole`)
  }
}

/** The ports of the lost address to which the kernel still has a connection, also one that no process knows any more. */
export function lostPorts (): Set<number> {
  const ports = new Set<number>()
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const [, , remote = ''] = line.trim().split(/\s+/)
    const [address, port = ''] = remote.split(':')
    // As a number in the order of the machine's bytes, which is little-endian wherever Node.js runs on Linux but s390x.
    if (address === '0200007F') ports.add(Number.parseInt(port, 16))
  }
  return ports
}

function ip (command: string): void {
  run(findBinary('ip') ?? 'ip', command)
}

function tc (command: string): void {
  run(findBinary('tc') ?? 'tc', command)
}

function run (program: string, command: string): void {
  try {
    execFileSync(program, command.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] })
  } catch {
    // It has said why.
    process.exit(NO_HOLE)
  }
}

/** What an experiment is made with. Milliseconds, but for the retries. */
export interface Settings {
  /** `net.ipv4.tcp_retries2` */
  retries: number
  heartbeatMs: number
  maxAgeMs: number
  stallTimeoutMs: number
  /** Silence after which the kernel asks whether the peer is there: `http: { keepAlive: true, keepAliveInitialDelay }`. */
  keepAliveMs: number
  /** What HAProxy sets as `TCP_USER_TIMEOUT`. */
  userTimeoutMs: number
  /** How long is waited before the rest is taken for undead. */
  limitMs: number
}

/** Those of Linux and of the plugin, and what docs/deploy.md recommends where these are off. */
export const DEFAULTS: Settings = {
  retries: 15,
  heartbeatMs: 15_000,
  maxAgeMs: 300_000,
  stallTimeoutMs: 30_000,
  keepAliveMs: 60_000,
  userTimeoutMs: 30_000,
  limitMs: 20 * 60_000
}

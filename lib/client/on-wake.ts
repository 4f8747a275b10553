interface Target {
  addEventListener?: (type: string, listener: () => void, options: { signal: AbortSignal }) => void
}

/**
 * Listens, until the stream is closed, for the moments after which a page that was cut off or asleep should look after its
 * connections: the network is back (`online`), the page was shown again from the back/forward cache (`pageshow`), or thawed
 * (`resume`). Elsewhere than in a browser there are none.
 *
 * @see https://wicg.github.io/page-lifecycle/
 */
export function onWake (listener: () => void, closed: AbortSignal): void {
  for (const target of [globalThis as Target, (globalThis as { document?: Target }).document]) {
    for (const type of ['online', 'pageshow', 'resume']) target?.addEventListener?.(type, listener, { signal: closed })
  }
}

interface Target {
  addEventListener?: (type: string, listener: (event: { type: string }) => void, options: { signal: AbortSignal }) => void
  visibilityState?: string
}

/**
 * Listens, until the stream is closed, for the moments after which a page that was cut off or asleep should look after its
 * connections: the network is back (`online`), the page was shown again from the back/forward cache (`pageshow`), thawed
 * (`resume`), or brought to the front (`visibilitychange`). Elsewhere than in a browser there are none.
 *
 * @see https://wicg.github.io/page-lifecycle/
 */
export function onWake (listener: () => void, closed: AbortSignal): void {
  const { document } = globalThis as { document?: Target }
  const onEvent = ({ type }: { type: string }): void => { if (type !== 'visibilitychange' || document!.visibilityState === 'visible') listener() }
  for (const target of [globalThis as Target, document]) {
    for (const type of ['online', 'pageshow', 'resume', 'visibilitychange']) target?.addEventListener?.(type, onEvent, { signal: closed })
  }
}

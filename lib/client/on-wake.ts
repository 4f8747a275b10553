interface Target {
  addEventListener?: (type: string, listener: () => void) => void
  removeEventListener?: (type: string, listener: () => void) => void
  visibilityState?: string
}

/**
 * Listens for the moments after which a page that was cut off or asleep should look after its connections: the network is
 * back (`online`), the page was shown again from the back/forward cache (`pageshow`), thawed (`resume`), or brought to the
 * front (`visibilitychange`). Elsewhere than in a browser there are none.
 *
 * @returns What stops it.
 * @see https://wicg.github.io/page-lifecycle/
 */
export function onWake (listener: () => void): () => void {
  const window = globalThis as Target & { document?: Target }
  const { document } = window
  const targets: Array<[Target | undefined, string]> = [
    [window, 'online'], [window, 'pageshow'], [document, 'resume'], [document, 'visibilitychange']
  ]
  const onEvent = (): void => { if (document?.visibilityState !== 'hidden') listener() }
  for (const [target, type] of targets) target?.addEventListener?.(type, onEvent)
  return () => { for (const [target, type] of targets) target?.removeEventListener?.(type, onEvent) }
}

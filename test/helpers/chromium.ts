import { type Browser, chromium } from 'playwright-core'
import type { Test } from 'tap'
import { requireBinary } from './services.js'

/** Without a word to anybody but the pages that the test opens. */
const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'
]

/**
 * Chromium with a profile of its own, closed when the test ends. Where it isn't installed, the test is skipped by name
 * as by {@link requireBinary}; the caller then returns.
 */
export async function launchChromium (t: Test): Promise<Browser | undefined> {
  const executablePath = requireBinary(t, 'chromium', 'chromium-browser', 'google-chrome')
  if (executablePath === undefined) return undefined
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS, timeout: 60_000 })
  t.teardown(async () => { await browser.close() })
  return browser
}

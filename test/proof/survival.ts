import type { Test } from 'tap'

/** Fails a file's tests if anything would have ended the process of a server. */
export function expectSurvival (t: Test): void {
  const fail = (error: unknown): void => { t.fail('the process would have ended', { found: error }) }
  process.on('unhandledRejection', fail)
  process.on('uncaughtExceptionMonitor', fail)
  t.teardown(() => {
    process.off('unhandledRejection', fail)
    process.off('uncaughtExceptionMonitor', fail)
  })
}

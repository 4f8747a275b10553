/** What a program does when it is asked, by name; the answer is sent back, also an error's message. */
export type Answers = Record<string, (given: never) => unknown>

/** Answers what the process asks that has started this one, and ends with it. */
export function answer (answers: Answers): void {
  process.on('message', ({ id, what, given }: { id: number, what: string, given: never }) => {
    void (async () => answers[what]?.(given))().then(
      answer => { send({ id, answer }) },
      (error: Error) => { send({ id, error: error.message }) }
    )
  })
  process.on('disconnect', onDisconnect)
}

/** Tells the process that has started this one. */
export function tell (said: object): void {
  send({ said })
}

/** From now on nothing but its own work keeps this process. */
export function letGo (): void {
  process.off('disconnect', onDisconnect)
  process.disconnect()
}

/** What nobody should ever see. */
export function tellTroubles (): void {
  const note = (kind: string) => (problem: unknown) => { tell({ trouble: `${kind}: ${problem instanceof Error ? problem.stack : String(problem)}` }) }
  process.on('unhandledRejection', note('unhandled rejection'))
  process.on('uncaughtException', note('uncaught exception'))
  process.on('warning', warning => {
    // Of these programs, which count objects by an experimental function of v8.
    if (warning.name !== 'ExperimentalWarning') note('warning')(warning)
  })
}

function send (message: object): void {
  if (process.connected) process.send?.(message)
}

function onDisconnect (): void {
  process.exit()
}

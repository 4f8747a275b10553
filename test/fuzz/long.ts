import { parseArgs } from 'node:util'
import { readByClient, readByTests } from './decoding.js'
import { encodeEvents, yieldEvents } from './events.js'
import { forgeIds, readIds } from './ids.js'
import { playSchedules } from './life/life.js'
import { giveOptions } from './options.js'
import type { Property, Run } from './run.js'

// npm run fuzz -- --runs 1000000 --seed 1
// npm run fuzz -- --only life --seed 4 --path 5296:2:3

const PROPERTIES: Readonly<Record<string, Property>> = {
  life: playSchedules, options: giveOptions, ids: readIds, forgeries: forgeIds, events: encodeEvents, sources: yieldEvents, client: readByClient, tests: readByTests
}

/** Runs of one seed: a process that has gone wrong should not spoil all that follow. */
const RUNS_PER_SEED = 50_000

const { values: { runs, seed, only, path } } = parseArgs({
  options: {
    /** Of each property. */
    runs: { type: 'string', default: String(RUNS_PER_SEED) },
    /** The first one; the others follow it. */
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    /** The names of the properties, with commas. Default: all. */
    only: { type: 'string', default: Object.keys(PROPERTIES).join() },
    /** Plays one counterexample again. */
    path: { type: 'string' }
  }
})

let failures = 0
for (const name of only.split(',')) {
  const property = PROPERTIES[name]
  if (property === undefined) throw new Error(`--only should name some of ${Object.keys(PROPERTIES).join()}, instead got '${name}'`)
  for (let done = 0, next = Number(seed); done < Number(runs); done += RUNS_PER_SEED, next++) {
    await tell(name, property, { seed: next, numRuns: Math.min(RUNS_PER_SEED, Number(runs) - done), ...(path !== undefined && { path }) })
  }
}
console.log(failures === 0 ? 'nothing was found' : `${failures} of the seeds have found something`)
process.exitCode = failures === 0 ? 0 : 1

async function tell (name: string, property: Property, run: Run): Promise<void> {
  const began = process.hrtime.bigint() // which no property stops
  let outcome = 'ok'
  try {
    await property(run)
  } catch (error) {
    failures++
    outcome = `FAILED\n${String((error as Error).message)}\n${String((error as Error).cause)}`
  }
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  console.log(`${new Date().toISOString()} ${name} seed ${run.seed}: ${run.numRuns} runs in ${seconds.toFixed(0)} s, ${outcome}`)
}

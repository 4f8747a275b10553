// Runs what the package runs for each event, in parts and as a whole, in a process of its own: node bench/micro/steps.js <payload>
import { JSON_LINE, runnersOf } from './runners.js'
import { cpuMs } from '../cpu-time.js'
import { median } from '../statistics.js'

/** By turns, so that the state of the machine is the same for all steps. */
const PASSES = 9

/** The JSON of a small payload: so many events have as many bytes as a small one. */
const SMALL_CHARS = 32

const MIN_EVENTS = 100

const { schema, payload } = await import(process.argv[2])
process.on('message', ({ count }) => {
  try {
    process.send(measure(count))
  } catch (error) {
    process.send({ error: error.message })
  }
})
process.on('disconnect', () => { process.exit() })
process.send({})

function measure (count) {
  const { runners, chars } = runnersOf(schema, payload)
  const events = Math.max(MIN_EVENTS, Math.ceil(count * SMALL_CHARS / chars))
  const perPass = Math.ceil(events / PASSES)
  let made = 0
  for (const run of Object.values(runners)) made += run(Math.ceil(events / 2))
  const times = Object.fromEntries(Object.keys(runners).map(name => [name, []]))
  for (let pass = 0; pass < PASSES; pass++) {
    for (const [name, run] of Object.entries(runners)) {
      const before = cpuMs()
      made += run(perPass)
      times[name].push((cpuMs() - before) * 1e6 / perPass)
    }
  }
  const nanoseconds = Object.fromEntries(Object.entries(times).map(([name, each]) => [name, median(each)]))
  return { nanoseconds, bytes: JSON_LINE.length + chars + 2, events, made }
}

import { gibibytes, mebibytes, MIB, milliseconds, percent } from './format.js'
import { showGenerators } from './generators.js'
import { LiveChart } from './live-chart.js'

const MINUTE_MS = 60_000

const byId = (id) => document.getElementById(id)

/**
 * Shows what the server streams about itself and its machine.
 *
 * @returns What to call with its events.
 */
export function showFigures () {
  const memory = new LiveChart(byId('memory'), {
    series: [{ label: 'Resident', color: '--series-1', filled: true }, { label: 'Heap', color: '--series-2', filled: true }],
    format: mebibytes,
    atLeast: MIB,
    steps: Array.from({ length: 16 }, (_, power) => 2 ** power * MIB)
  })
  const delay = new LiveChart(byId('delay'), {
    series: [{ label: 'Longest', color: '--series-3', filled: true }, { label: 'Median', color: '--series-1' }],
    format: milliseconds,
    atLeast: 5
  })
  const collections = new LiveChart(byId('collections'), {
    series: [
      { label: 'Minor', color: '--series-1', stems: true },
      { label: 'Major', color: '--series-4', stems: true },
      { label: 'Other', color: '--series-2', stems: true }
    ],
    format: milliseconds,
    atLeast: 5
  })
  let cpu // as soon as the number of cores is known
  let pauses = []
  let memoryBytes = 0
  let latest = 0
  let frame

  /** One redraw for all events that have come since the last one. */
  const redraw = () => {
    frame ??= requestAnimationFrame(() => {
      frame = undefined
      for (const chart of [cpu, memory, delay, collections]) chart?.draw(latest)
    })
  }

  return {
    machine (machine) {
      memoryBytes = machine.memoryBytes
      cpu ??= cpuChart(machine.cores)
      byId('machine').textContent = describe(machine)
    },
    cpu ({ at, cores }) {
      latest = at
      cpu.push(at, cores)
      byId('cpu-figure').textContent = percent(cores.reduce((sum, core) => sum + core, 0) / cores.length)
      redraw()
    },
    memory ({ at, residentBytes, heapBytes, freeBytes }) {
      memory.push(at, [residentBytes, heapBytes])
      byId('memory-figure').textContent = mebibytes(residentBytes)
      byId('memory-machine').textContent = `Machine ${gibibytes(memoryBytes - freeBytes)} of ${gibibytes(memoryBytes)} in use`
    },
    delay ({ at, longestMs, medianMs }) {
      delay.push(at, [longestMs, medianMs])
      byId('delay-figure').textContent = milliseconds(longestMs)
      pauses = pauses.filter(pause => pause > at - MINUTE_MS)
      byId('collections-figure').textContent = pauses.length === 1 ? '1 pause' : `${pauses.length} pauses`
    },
    collection ({ at, kind, durationMs }) {
      pauses.push(at)
      collections.push(at, ['minor', 'major', 'other'].map(other => other === kind ? durationMs : null))
    },
    generators: showGenerators
  }
}

/** More cores than these can't be told apart by color: then their mean is in front. */
const NAMED_CORES = 6

function cpuChart (cores) {
  const all = Array.from({ length: cores }, (_, core) => core + 1)
  return new LiveChart(byId('cpu'), {
    series: all.map(core => cores > NAMED_CORES ? { color: '--series-1' } : { label: `Core ${core}`, color: `--series-${core}` }),
    format: percent,
    atLeast: 100
  })
}

function describe ({ processor, cores, platform, node, pid, startedAt }) {
  const since = new Date(startedAt).toLocaleTimeString('en-GB', { timeStyle: 'short' })
  return [processor, `${cores} cores`, platform, `Node.js ${node.slice(1)}`, `process ${pid} since ${since}`].join(' · ')
}

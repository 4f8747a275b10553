// What an idle stream holds on the heap, by kind of object, as the difference of two heap snapshots of a contestant:
// node bench/heap-per-stream.js bench/contestants/typed-sse-channel.js [--streams n] [--top n] [--owners]
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { kindsOf } from './heap-kinds.js'
import { Peer, requireOpenFiles } from './processes.js'

/** Who comes and goes before: what the first ones make is not theirs. */
const FIRST_VISITORS = 100

/** No heartbeat comes meanwhile. */
const HEARTBEAT_MS = 600_000

const { values, positionals: [file] } = parseArgs({
  allowPositionals: true,
  options: {
    streams: { type: 'string', default: '1000' },
    top: { type: 'string', default: '40' },
    owners: { type: 'boolean', default: false } // tell apart what holds each object
  }
})
if (file === undefined) throw new Error('which contestant? For example: bench/contestants/typed-sse-channel.js')
const streams = Number(values.streams)
requireOpenFiles(streams)

const folder = mkdtempSync(join(tmpdir(), 'heap-per-stream-'))
const load = new Peer('./fan-out/load.js', [], { core: undefined })
const server = new Peer('./idle/server.js', [pathToFileURL(file).href, String(HEARTBEAT_MS)], { core: undefined, flags: ['--expose-gc'] })
try {
  const { port } = await server.ask()
  await load.ask({ do: 'connect', port, subscribers: FIRST_VISITORS, count: 0 })
  await load.ask({ do: 'leave' })
  const without = await look(0)
  await load.ask({ do: 'connect', port, subscribers: streams, count: 0 })
  const withAll = await look(streams)
  print(without, withAll)
} catch (error) {
  await server.endsSoon()
  throw error
} finally {
  await Promise.all([server.stop(), load.stop()])
  rmSync(folder, { recursive: true })
}

/** @param {number} connections */
async function look (connections) {
  await server.ask({ do: 'weigh', connections })
  const snapshot = join(folder, `${connections}.heapsnapshot`)
  await server.ask({ do: 'snapshot', file: snapshot })
  const { heap } = await server.ask({ do: 'weigh', connections })
  // Tens of megabytes: one at a time, and nothing of it is kept but sums.
  const kinds = kindsOf(JSON.parse(readFileSync(snapshot, 'utf8')), { owners: values.owners })
  rmSync(snapshot)
  return { kinds, heap }
}

function print (without, withAll) {
  const rows = [...withAll.kinds].map(([kind, { count, bytes }]) => {
    const before = without.kinds.get(kind) ?? { count: 0, bytes: 0 }
    return { kind, count: (count - before.count) / streams, bytes: (bytes - before.bytes) / streams }
  }).sort((a, b) => b.bytes - a.bytes)
  const total = rows.reduce((sum, { bytes }) => sum + bytes, 0)
  console.log(`${file}, ${streams} idle streams: ${total.toFixed(0)} bytes each in the snapshots, ` +
    `${((withAll.heap - without.heap) / streams).toFixed(0)} of V8's heap as it counts itself\n`)
  console.log('| kind | count | bytes | bytes so far |\n| --- | ---: | ---: | ---: |')
  let sum = 0
  for (const { kind, count, bytes } of rows.slice(0, Number(values.top))) {
    sum += bytes
    console.log(`| ${kind.replaceAll('|', '\\|')} | ${count.toFixed(2)} | ${bytes.toFixed(1)} | ${sum.toFixed(0)} |`)
  }
}

import { type ClientStream, connect } from '../../client/connect.js'
import type { overview, Sample } from '../events.js'
import { ChannelPanel } from './channel.js'
import { Channels } from './channels.js'
import { Chart } from './chart.js'
import { byId, setText } from './dom.js'
import { bytes, count, rate } from './formats.js'
import { Streams } from './streams.js'

/** As many as there are seconds in what is plotted. */
const MAX_SAMPLES = 300

const STATUS = { live: 'Live', connecting: 'Connecting …', waiting: 'Reconnecting …', closed: 'Closed' }

const charts: ReadonlyArray<readonly [Chart, (sample: Sample) => number]> = [
  [new Chart({ title: 'Open streams', series: 1, format: count }), ({ streams }) => streams],
  [new Chart({ title: 'Events per second', series: 2, format: rate }), ({ eventsPerSecond }) => eventsPerSecond],
  [new Chart({ title: 'Bytes per second', series: 3, isBinary: true, format: bytes }), ({ bytesPerSecond }) => bytesPerSecond],
  [new Chart({ title: 'Waiting for clients', series: 4, isBinary: true, format: bytes }), ({ queuedBytes }) => queuedBytes]
]

const panel = new ChannelPanel()
let stream: ClientStream<typeof overview> | undefined
let samples: Sample[] = []
let streams: Streams | undefined
let channels: Channels | undefined
/** The version of the page, as the first answer says. */
let version: string | undefined

byId('order').addEventListener('change', open)
open()

function open (): void {
  stream?.close()
  const opened = stream = connect<typeof overview>(`events?order=${byId<HTMLSelectElement>('order').value}`, { staleAfterMs: 10_000, maxRetryMs: 5_000 })
  opened.on('server', introduce)
  opened.on('history', history => {
    samples = [...history]
    plot()
  })
  opened.on('now', now => {
    const at = now.sample?.at ?? Date.now()
    if (now.sample !== undefined) add(now.sample)
    streams?.show(now.streams, at)
    channels?.show(now.channels)
    panel.show(now.channels.rows)
  })
  opened.onState(state => { if (stream === opened && state !== 'closed') showStatus(state === 'open' ? 'live' : state) })
  opened.closed.catch((error: Error) => {
    if (stream !== opened) return
    showStatus('closed')
    notify(`The server lets this page look no more: ${error.message} Load it again to sign in.`)
  })
}

function introduce ({ pid, startedAt, node, page, isOpen }: { pid: number, startedAt: number, node: string, page: string, isOpen: boolean }): void {
  setText(byId('server'), `Process ${pid} on ${location.host} · Node.js ${node.replace('v', '')} · since ${new Date(startedAt).toLocaleString()}`)
  version ??= page
  if (version !== page) notify('The server has another version of this page. Load it again.')
  byId('locked').hidden = isOpen
  streams ??= new Streams(isOpen, notify)
  channels ??= new Channels(isOpen ? channel => { panel.open(channel) } : undefined)
}

function add (sample: Sample): void {
  // The newest of the history comes again as the first that is told.
  if (samples.at(-1)?.at === sample.at) return
  samples.push(sample)
  if (samples.length > MAX_SAMPLES) samples.shift()
  plot()
}

function plot (): void {
  for (const [chart, valueOf] of charts) chart.show(samples.map(sample => ({ at: sample.at, value: valueOf(sample) })))
}

function showStatus (status: keyof typeof STATUS): void {
  byId('status').dataset['status'] = status
  setText(byId('status'), STATUS[status])
}

function notify (text: string): void {
  byId('notice').hidden = false
  setText(byId('notice'), text)
}

import type { StreamRow } from '../events.js'
import { byId, setText } from './dom.js'
import { age, bytes, count, rate } from './formats.js'
import { post } from './post.js'
import { Table } from './table.js'

/** More than this waits for a client that does not keep up. */
const LONG_QUEUE_BYTES = 64 * 1024

type Row = StreamRow & { readonly ageMs: number }

/** The table of streams. */
export class Streams {
  readonly #table: Table<Row>

  /** @param isOpen Whether there is more than numbers. */
  constructor (isOpen: boolean, tell: (text: string) => void) {
    this.#table = new Table<Row>(byId('streams'), {
      caption: 'Open streams',
      empty: 'No stream is open.',
      keyOf: ({ client }) => client?.id,
      columns: [
        { title: 'Route', kind: 'name', cell: ({ route, client }) => ({ text: route, detail: client === undefined || route.endsWith(` ${client.path}`) ? '' : client.path }) },
        ...isOpen
          ? [{ title: 'Client', kind: 'text' as const, cell: ({ client }: Row) => ({ text: client?.address ?? '', detail: client?.userAgent ?? '' }) }]
          : [],
        { title: 'Age', kind: 'number', cell: ({ ageMs }) => age(ageMs) },
        { title: 'Events/s', kind: 'number', cell: ({ eventsPerSecond }) => rate(eventsPerSecond) },
        { title: 'Events', kind: 'number', cell: ({ events }) => count(events) },
        { title: 'Sent', kind: 'number', cell: row => bytes(row.bytes) },
        { title: 'Queue', kind: 'number', cell: ({ queuedBytes }) => ({ text: bytes(queuedBytes), ...queuedBytes > LONG_QUEUE_BYTES && { tone: 'warn' } }) },
        { title: 'Resumed', kind: 'text', cell: ({ isResumed, client }) => client?.resumedFrom === undefined ? isResumed ? 'yes' : 'no' : { text: 'from', detail: client.resumedFrom } },
        { title: 'Gaps', kind: 'number', cell: ({ gaps }) => ({ text: count(gaps), ...gaps > 0 && { tone: 'warn' } }) }
      ],
      action: isOpen ? { text: 'End', label: ({ route, client }) => `End ${route} of ${client?.address}`, run: row => { void end(row, tell) } } : undefined
    })
  }

  /** @param at When they were seen, by the clock of the server. */
  show ({ total, rows }: { total: number, rows: readonly StreamRow[] }, at: number): void {
    this.#table.show(rows.map(row => ({ ...row, ageMs: at - row.openedAt })))
    setText(byId('streams-count'), rows.length < total ? `${count(rows.length)} of ${count(total)}` : count(total))
  }
}

async function end ({ route, client }: StreamRow, tell: (text: string) => void): Promise<void> {
  if (client === undefined || !await ask(`${route}\n${client.address} ${client.userAgent}`)) return
  byId('streams-title').focus() // from a row that is about to go
  const { isOk, body } = await post('close', { id: client.id })
  tell(isOk ? `${route} of ${client.address} was ended.` : `${route} was not ended: ${body.message}`)
}

/** Whether that is really meant. */
async function ask (stream: string): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>('ask')
  setText(byId('ask-stream'), stream)
  dialog.returnValue = 'keep'
  dialog.showModal()
  await new Promise(resolve => { dialog.addEventListener('close', resolve, { once: true }) })
  return dialog.returnValue === 'end'
}

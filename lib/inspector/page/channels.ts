import type { ChannelRow } from '../events.js'
import { byId, setText } from './dom.js'
import { bytes, count, milliseconds, rate } from './formats.js'
import { Table } from './table.js'

/** The table of channels. */
export class Channels {
  readonly #table: Table<ChannelRow>

  /** @param look Shows what comes on a channel; undefined where that may not be seen. */
  constructor (look: ((channel: string) => void) | undefined) {
    this.#table = new Table<ChannelRow>(byId('channels'), {
      caption: 'Open channels',
      empty: 'No channel is open.',
      keyOf: ({ channel }) => channel,
      columns: [
        { title: 'Channel', kind: 'name', cell: ({ channel, keeps }) => ({ text: channel, detail: `keeps ${keeps}` }) },
        { title: 'Subscribers', kind: 'number', cell: ({ subscribers }) => count(subscribers) },
        { title: 'Published/s', kind: 'number', cell: ({ publishedPerSecond }) => rate(publishedPerSecond) },
        { title: 'Published', kind: 'number', cell: ({ published }) => count(published) },
        { title: 'Topics', kind: 'number', cell: ({ topicCount }) => count(topicCount) },
        { title: 'Queue', kind: 'number', cell: ({ queuedBytes }) => bytes(queuedBytes) },
        { title: 'Gaps', kind: 'number', cell: ({ gaps }) => ({ text: count(gaps), ...gaps > 0 && { tone: 'warn' } }) },
        { title: 'Lag', kind: 'number', cell: ({ lag }) => ({ text: count(lag), ...lag > 0 && { tone: 'warn' } }) },
        { title: 'Write p95', kind: 'number', cell: ({ publishToWriteMs }) => milliseconds(publishToWriteMs) }
      ],
      action: look && { text: 'Look', label: ({ channel }) => `Look at the events of ${channel}`, run: ({ channel }) => { look(channel) } }
    })
  }

  show ({ total, rows }: { total: number, rows: readonly ChannelRow[] }): void {
    this.#table.show(rows)
    setText(byId('channels-count'), rows.length < total ? `${count(rows.length)} of ${count(total)}` : count(total))
  }
}

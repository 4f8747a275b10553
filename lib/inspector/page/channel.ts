import { type ClientStream, connect } from '../../client/connect.js'
import type { ChannelRow, tail, TailedEvent } from '../events.js'
import { byId, element, setText } from './dom.js'
import { exampleOf } from './example.js'
import { count, time } from './formats.js'
import { post } from './post.js'

/** Events that are kept to be read. */
const MAX_LINES = 200

interface Declared { readonly name: string, readonly isFinal: boolean, readonly schema: string }

/** One channel: its events as they come, and a form that publishes one. */
export class ChannelPanel {
  #stream: ClientStream<typeof tail> | undefined
  #name = ''
  #isPaused = false
  #declared: readonly Declared[] = []
  #missed = 0

  constructor () {
    byId('tail-close').addEventListener('click', () => { this.close() })
    byId('tail-pause').addEventListener('click', () => { this.#pause(!this.#isPaused) })
    byId('publish-event').addEventListener('change', () => { this.#prefill() })
    byId('publish').addEventListener('submit', event => {
      event.preventDefault()
      void this.#publish()
    })
  }

  open (name: string): void {
    this.#stream?.close()
    this.#name = name
    this.#declared = []
    this.#pause(false)
    setText(byId('channel-name'), name)
    byId('tail').replaceChildren()
    byId('schemas').replaceChildren()
    byId('topics').hidden = true
    tell('')
    byId('channel').hidden = false
    byId('channel-title').focus({ preventScroll: true })
    byId('channel').scrollIntoView({ block: 'start' })
    const stream = this.#stream = connect<typeof tail>(`tail?channel=${encodeURIComponent(name)}`)
    stream.on('channel', ({ events }) => { this.#declare(events) })
    stream.on('events', ({ skipped, events }) => { this.#add(skipped, events) })
    stream.onState(state => { setText(byId('tail-state'), state === 'open' ? '' : 'Connecting …') })
    stream.closed.catch((error: Error) => {
      if (this.#stream === stream) setText(byId('tail-state'), `Not open: ${error.message}`)
    })
  }

  close (): void {
    this.#stream?.close()
    this.#stream = undefined
    byId('channel').hidden = true
    byId('channels-title').scrollIntoView({ block: 'nearest' })
  }

  /** What there is to tell of its topics. */
  show (channels: readonly ChannelRow[]): void {
    const { topics = [], topicCount = 0 } = channels.find(({ channel }) => channel === this.#name) ?? {}
    const place = byId('topics')
    place.hidden = topics.length === 0
    const text = topics.map(({ topic, isPrefix, subscribers }) => `${topic}${isPrefix ? '…' : ''} (${count(subscribers)})`).join(', ')
    setText(place, `${count(topicCount)} ${topicCount === 1 ? 'topic has' : 'topics have'} subscribers here: ${text}${topicCount > topics.length ? ' and others' : ''}`)
  }

  #pause (isPaused: boolean): void {
    this.#isPaused = isPaused
    const button = byId('tail-pause')
    button.setAttribute('aria-pressed', String(isPaused))
    setText(button, isPaused ? 'Go on' : 'Pause')
  }

  #declare (events: readonly Declared[]): void {
    // Told again after each reconnect; what somebody is writing stays.
    if (JSON.stringify(events) === JSON.stringify(this.#declared)) return
    this.#declared = events
    byId('publish-event').replaceChildren(...events.map(({ name }) => new Option(name)))
    byId('schemas').replaceChildren(...events.map(({ name, isFinal, schema }) => element('details', '',
      element('summary', '', element('code', '', name), element('small', 'muted', isFinal ? '  completes the stream' : '')),
      element('pre', '', schema)
    )))
    byId('schemas').querySelector('details')?.setAttribute('open', '')
    this.#prefill()
  }

  #prefill (): void {
    const wanted = byId<HTMLSelectElement>('publish-event').value
    const { schema = '{}' } = this.#declared.find(({ name }) => name === wanted) ?? {}
    byId<HTMLTextAreaElement>('publish-data').value = JSON.stringify(exampleOf(parse(schema)), null, 2)
  }

  #add (skipped: number, events: readonly TailedEvent[]): void {
    if (this.#isPaused) {
      this.#missed += skipped + events.length
      return
    }
    const passed = skipped + this.#missed
    this.#missed = 0
    const lines = events.map(lineOf).reverse()
    if (passed > 0) lines.push(element('li', 'skipped muted', `${count(passed)} more, not shown`))
    const list = byId('tail')
    list.prepend(...lines)
    while (list.children.length > MAX_LINES) list.lastElementChild?.remove()
  }

  async #publish (): Promise<void> {
    const text = byId<HTMLTextAreaElement>('publish-data').value
    const topic = byId<HTMLInputElement>('publish-topic').value
    let data: unknown
    try {
      if (text.trim() !== '') data = JSON.parse(text)
    } catch (error) {
      tell(`This is no JSON: ${(error as Error).message}`, 'bad')
      return
    }
    const { isOk, body } = await post('publish', {
      channel: this.#name,
      event: byId<HTMLSelectElement>('publish-event').value,
      ...data !== undefined && { data },
      ...topic !== '' && { topic }
    })
    if (isOk) tell(`Published: ${body.id}`, 'good')
    else tell([body.code, body.message].filter(Boolean).join(': '), 'bad')
  }
}

function lineOf ({ at, event, id, data, length }: TailedEvent): HTMLLIElement {
  return element('li', '',
    element('span', 'event-head', element('time', 'muted', time(at)), ' ', element('strong', '', event), ' ', element('span', 'muted id', id ?? '')),
    element('code', '', data, ...data.length < length ? [` ${count(length)} characters in all`] : [])
  )
}

function tell (text: string, tone = ''): void {
  const place = byId('publish-outcome')
  place.dataset['tone'] = tone
  setText(place, text)
}

/** Long schemas are cut. */
function parse (json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return {}
  }
}

import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { EventSourceMessage } from 'eventsource-parser'
import type { Test } from 'tap'
import { connect, eventsOf } from '../helpers/event-stream-client.js'
import { Inbox } from '../helpers/inbox.js'

/** A client that keeps what it gets. */
export interface Client extends Inbox<EventSourceMessage> {
  readonly response: IncomingMessage
  /** How its stream has ended. */
  readonly ended: Promise<'whole' | 'cut'>
  leave: () => void
}

/** Opens a stream and reads it. */
export async function open (t: Test, url: string, headers: OutgoingHttpHeaders = {}): Promise<Client> {
  const response = await connect(t, url, { headers })
  const inbox = new Inbox<EventSourceMessage>()
  const ended = read(response, inbox)
  return Object.assign(inbox, { response, ended, leave: () => { response.destroy() } })
}

/** The same, once it has got its first event: a subscription's position, for one. */
export async function opened (t: Test, url: string, headers?: OutgoingHttpHeaders): Promise<Client> {
  const client = await open(t, url, headers)
  await client.until(events => events.length > 0)
  return client
}

/** Opens a stream as one that has got the event with this id. */
export async function resume (t: Test, url: string, id: string): Promise<Client> {
  return await open(t, url, { 'last-event-id': id })
}

/** The payloads of the events of a name, or of all but the plugin's own. */
export function payloads (events: readonly EventSourceMessage[], name?: string): unknown[] {
  return events
    .filter(({ event }) => name === undefined ? event?.startsWith('stream-') !== true : event === name)
    .map(({ data }) => JSON.parse(data) as unknown)
}

/** Resolves when as many events as these have come, other than the plugin's own, and gives their payloads. */
export async function received (client: Inbox<EventSourceMessage>, count: number): Promise<unknown[]> {
  await client.until(events => payloads(events).length >= count)
  return payloads(client.items)
}

async function read (response: IncomingMessage, inbox: Inbox<EventSourceMessage>): Promise<'whole' | 'cut'> {
  try {
    for await (const event of eventsOf(response)) inbox.push(event)
    return 'whole'
  } catch {
    return 'cut' // the test looks at how it ended
  }
}

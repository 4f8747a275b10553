import type { ClientEnd, ReceivedEvent } from '../../../types/client.js'
import type { CheckedOptions } from '../check-options.js'
import type { Port } from '../client.js'
import { follow } from '../follow.js'
import { Leader } from './leader.js'
import { Member } from './member.js'
import type { Message } from './message.js'

/** What is used of the Web Locks API. */
export interface Locks {
  request: (name: string, options: { signal: AbortSignal }, callback: () => Promise<void>) => Promise<void>
}

/**
 * Yields the events of a stream of which the pages of an origin have one connection together: that of the page which
 * holds the lock of this name.
 *
 * @see https://www.w3.org/TR/web-locks/
 */
export async function * share (name: string, locks: Locks, options: CheckedOptions, port: Port): AsyncGenerator<ReceivedEvent, ClientEnd> {
  const channel = openChannel(name)
  if (channel === undefined) return yield * follow(options, port)
  const send = (message: Message): void => { channel.postMessage(message) }
  const member = new Member(port, options.staleAfterMs, send)
  channel.onmessage = ({ data }: { data: unknown }) => { member.receive(data as Message) }
  port.signal.addEventListener('abort', () => { channel.close() })

  locks.request(name, { signal: port.signal }, async () => {
    if (member.isComplete) return // but for what waits to be read
    member.leader = new Leader(member.term, member.position, message => {
      send(message)
      member.receive(message)
    })
    await member.leader.lead(options, port.signal).catch((error: unknown) => { member.fail(error) })
  }).catch(() => { member.detach() }) // locks are denied, as to a sandboxed frame; or it was closed before its turn had come

  while (!port.signal.aborted) {
    const event = member.take()
    if (event !== undefined) {
      yield event
    } else if (member.isComplete) {
      return 'complete'
    } else if (member.error !== undefined) {
      throw member.error
    } else if (member.mode === 'detached') {
      const end = yield * followAlone(options, port, member)
      if (end === 'complete') return end
    } else {
      await member.change()
    }
  }
  return 'closed'
}

/** Undefined where pages are kept from each other, as by a browser that stores nothing of a site. */
function openChannel (name: string): InstanceType<typeof BroadcastChannel> | undefined {
  try {
    return new BroadcastChannel(name)
  } catch {
    return undefined
  }
}

/** Goes on by a connection of its own, until the page stands where the leader has been. */
async function * followAlone (options: CheckedOptions, port: Port, member: Member): AsyncGenerator<ReceivedEvent, ClientEnd> {
  const signal = member.detached
  const own: Port = { signal, lastEventId: port.lastEventId, setState: port.setState }
  const events = follow(options, own)
  try {
    let next
    // What comes when it has aborted comes from the leader as well.
    while (!(next = await events.next()).done && !signal.aborted) {
      member.pass(next.value, own.lastEventId)
      member.settle()
      yield next.value
    }
    return next.done ? next.value : 'closed'
  } finally {
    void events.return('closed')
  }
}

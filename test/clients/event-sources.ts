import { EventSource as NpmEventSource } from 'eventsource'
import type { Browser } from 'playwright-core'
import type { Test } from 'tap'
import { EventSource as UndiciEventSource } from 'undici'
import { openPage } from './page.js'
import { Inbox } from '../helpers/inbox.js'

/** What an EventSource has fired, in order. */
export type Fired =
  | { type: 'open' }
  | { type: 'error', closed: boolean }
  | { type: 'event', event: string, data: string, lastEventId: string }

/** An EventSource that is open somewhere, in a browser or here. */
export interface OpenEventSource {
  readonly fired: Inbox<Fired>
  readonly close: () => Promise<void>
}

/** An implementation of EventSource that this repo did not write. It opens an URL and listens to the events of these names. */
export interface EventSourceKind {
  readonly name: string
  /** Whether an event that has no id shows that of the event before it, as the standard wants. */
  readonly keepsLastEventId: boolean
  /**
   * Whether it sends a last event ID beyond ASCII, as UTF-8, as the standard wants. The two for Node.js send Latin-1, and
   * with an id beyond that their fetch fails over and over, before it reaches the server.
   */
  readonly sendsUtf8: boolean
  /** Undefined where its program is not installed: the test is then skipped by name. */
  readonly open: (t: Test, origin: string, path: string, names: readonly string[]) => Promise<OpenEventSource>
}

/** All that are tested, given a browser if there is one. */
export function eventSourceKinds (browser: Browser | undefined): EventSourceKind[] {
  return [
    ...(browser === undefined ? [] : [inBrowser(browser)]),
    { name: 'npm eventsource', keepsLastEventId: false, sendsUtf8: false, open: inNode(NpmEventSource as unknown as Constructor) },
    { name: "undici's EventSource", keepsLastEventId: true, sendsUtf8: false, open: inNode(UndiciEventSource as unknown as Constructor) }
  ]
}

/** The events among what was fired. */
export function eventsOf ({ fired }: OpenEventSource): Array<[event: string, data: string, lastEventId: string]> {
  return fired.items.flatMap(item => item.type === 'event' ? [[item.event, item.data, item.lastEventId]] : [])
}

/** Whether an EventSource has given up for good. */
export function hasGivenUp (fired: readonly Fired[]): boolean {
  return fired.some(item => item.type === 'error' && item.closed)
}

interface Message { type: string, data: string, lastEventId: string }
interface Instance {
  readyState: number
  addEventListener: (type: string, listener: (event: Message) => void) => void
  close: () => void
}
type Constructor = new (url: string) => Instance

const CLOSED = 2

function inNode (EventSource: Constructor): EventSourceKind['open'] {
  return async (t, origin, path, names) => {
    const fired = new Inbox<Fired>()
    const source = new EventSource(origin + path)
    source.addEventListener('open', () => { fired.push({ type: 'open' }) })
    source.addEventListener('error', () => { fired.push({ type: 'error', closed: source.readyState === CLOSED }) })
    for (const name of names) {
      source.addEventListener(name, ({ type, data, lastEventId }) => { fired.push({ type: 'event', event: type, data, lastEventId }) })
    }
    t.teardown(() => { source.close() })
    return { fired, close: async () => { source.close() } }
  }
}

function inBrowser (browser: Browser): EventSourceKind {
  return {
    name: "Chromium's EventSource",
    keepsLastEventId: true,
    sendsUtf8: true,
    async open (t, origin, path, names) {
      const fired = new Inbox<Fired>()
      const page = await openPage(t, browser, origin)
      await page.exposeFunction('fired', (item: Fired) => { fired.push(item) })
      // As text: this runs in the browser, whose types are not those of this project.
      await page.evaluate(`{
        window.source = new EventSource(${JSON.stringify(path)})
        source.addEventListener('open', () => fired({ type: 'open' }))
        source.addEventListener('error', () => fired({ type: 'error', closed: source.readyState === EventSource.CLOSED }))
        for (const name of ${JSON.stringify(names)}) {
          source.addEventListener(name, ({ type, data, lastEventId }) => fired({ type: 'event', event: type, data, lastEventId }))
        }
      }`)
      return { fired, close: async () => { await page.evaluate('source.close()') } }
    }
  }
}

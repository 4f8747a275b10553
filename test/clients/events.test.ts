import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fetchEventSource } from '@microsoft/fetch-event-source'
import t, { type Test } from 'tap'
import { launchChromium } from '../helpers/chromium.js'
import { testApp } from '../helpers/app.js'
import { decode, eventsOf as parsedEventsOf } from '../helpers/event-stream-client.js'
import { requireBinary } from '../helpers/services.js'
import { eventSourceKinds, eventsOf, hasGivenUp } from './event-sources.js'
import { servePage } from './page.js'
import { type Expected, expectedEvents, names, serveScript } from './script.js'

// Every one of these clients has to get the same list of events, of one script.

type Event = [event: string, data: string, id: string | undefined]

t.setTimeout(180_000)

t.test('an EventSource gets every event right', async t => {
  const browser = await launchChromium(t)
  for (const kind of eventSourceKinds(browser)) {
    await t.test(kind.name, async t => {
      const url = await serve(t)
      const source = await kind.open(t, url, '/script', names)
      await source.fired.until(hasGivenUp)
      same(t, eventsOf(source), event => kind.keepsLastEventId ? event.lastEventId : event.ownId ?? '')
    })
  }
})

t.test('eventsource-parser over fetch gets every event right', async t => {
  const response = await fetch(`${await serve(t)}/script`)
  const events: Event[] = []
  for await (const { event = 'message', data, id } of parsedEventsOf(response.body)) events.push([event, data, id])
  same(t, events, event => event.ownId)
})

t.test('@microsoft/fetch-event-source gets every event right, and no empty messages for heartbeats', async t => {
  pretendToBeABrowser(t)
  const events: Event[] = []
  await fetchEventSource(`${await serve(t)}/script`, {
    openWhenHidden: true,
    onmessage: ({ event, data, id }) => { events.push([event === '' ? 'message' : event, data, id]) },
    onerror: error => { throw error }
  })
  // It loses the empty lines that a text begins with: it takes an empty string for no string. JSON has no such lines.
  same(t, events, event => event.ownId ?? '', data => data.replace(/^\n+/, ''))
})

t.test('curl -N gets every event right', async t => {
  const curl = requireBinary(t, 'curl')
  if (curl === undefined) return
  const body = await run(curl, ['--silent', '--show-error', '--no-buffer', '--noproxy', '*', `${await serve(t)}/script`])
  same(t, decode(body).map(({ event = 'message', data, id }) => [event, data, id]), event => event.ownId)
  t.match(body, /^retry: 30\ndata: \{"first":true\}\n\n/, 'the first bytes are the time to reconnect')
  t.ok((body.match(/\n:(?=\n)/g) ?? []).length >= 5, 'there were an empty comment and four heartbeats in between')
})

async function serve (t: Test): Promise<string> {
  // Node's fetch may leave a connection without any request, for which a closing server would wait a minute.
  const { app, listen } = testApp(t, {}, { forceCloseConnections: true })
  servePage(app)
  app.after(() => { serveScript(app) })
  const { url } = await listen()
  return url
}

/** Compares in short, since one of the events has a MiB. */
function same (t: Test, received: Event[], id: (event: Expected) => string | undefined, read = (data: string) => data): void {
  const expected = expectedEvents().map((event): Event => [event.event, read(event.data), id(event)])
  t.strictSame(received.map(short), expected.map(short))
  t.ok(received.every(([, data], n) => data === expected[n]?.[1]), 'also where it is long')
}

function short ([event, data, id]: Event): Event {
  return [event, data.length > 100 ? `${data.slice(0, 100)}… ${data.length} characters` : data, id]
}

async function run (program: string, args: string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.setEncoding('utf8')
  let output = ''
  child.stdout.on('data', (chunk: string) => { output += chunk })
  await once(child, 'close')
  return output
}

/** The globals that @microsoft/fetch-event-source wants. */
function pretendToBeABrowser (t: Test): void {
  const { setTimeout, clearTimeout, fetch } = globalThis
  const document = { hidden: false, addEventListener () {}, removeEventListener () {} }
  Object.assign(globalThis, { window: { setTimeout, clearTimeout, fetch }, document })
  t.teardown(() => {
    Reflect.deleteProperty(globalThis, 'window')
    Reflect.deleteProperty(globalThis, 'document')
  })
}

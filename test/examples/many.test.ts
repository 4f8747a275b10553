import t, { type Test } from 'tap'
import { connect as follow } from '../../lib/client/connect.js'
import { launchChromium } from '../helpers/chromium.js'
import { connect, eventsOf } from '../helpers/event-stream-client.js'
import { Inbox } from '../helpers/inbox.js'
import { freePort } from '../helpers/server-process.js'
import { requireBinary } from '../helpers/services.js'
import { type ClusterCommand, startCluster } from './cluster-command.js'
import { open, text } from './page.js'

t.setTimeout(300_000)

const CLIENTS = 40

interface Beat { from: number, number: number }

t.test('each process serves, and what one publishes reaches the clients of all, until they are told to come back', async t => {
  if (requireBinary(t, 'redis-server') === undefined) return
  const many = await startMany(t)
  const clients = await Promise.all([1, 2].map(async () => eventsOf(await connect(t, `${many.url}live`))))
  const served = []
  for (const events of clients) {
    served.push(JSON.parse(String((await events.next()).value?.data)).by)
    const publishers = new Set<number>()
    while (publishers.size < 2) {
      const { value: event } = await events.next()
      if (event?.event === 'beat') publishers.add(JSON.parse(event.data).from)
    }
    t.strictSame([...publishers].sort(), workers(many))
  }
  t.strictSame(served.sort(), workers(many))

  const bodies = await Promise.all(served.map(async () => (await fetch(`${many.url}live`)).body as ReadableStream<Uint8Array>))
  const [ends] = await Promise.all([Promise.all(bodies.map(lastLine)), many.stop('SIGTERM')])
  for (const end of ends) t.match(end, /^retry: \d+$/, 'a stream that is complete says when to come back')
  t.strictSame(many.running(), [], 'nothing is left behind')
})

t.test('no client loses an event when a process is killed under load, and another one takes its place', async t => {
  if (requireBinary(t, 'redis-server') === undefined) return
  const many = await startMany(t, { BEAT_MS: '5' })
  const clients = Array.from({ length: CLIENTS }, () => new Client(t, `${many.url}live`))
  await Promise.all(clients.map(async ({ beats }) => { await beats.until(items => items.length > 50) }))
  const before = workers(many)
  t.strictSame([...new Set(clients.flatMap(({ servedBy }) => servedBy))].sort(), before, 'both have clients')

  const victim = many.pid('worker-1')
  process.kill(victim, 'SIGKILL')
  // Those of the process that takes its place.
  await Promise.all(clients.map(async ({ beats }) => {
    await beats.until(items => items.filter(({ from }) => !before.includes(from)).length > 50)
  }))

  t.match(many.output(), 'worker-1 has ended by SIGKILL, and another one takes its place')
  for (const { servedBy: [first, ...others] } of clients) {
    t.equal(others.length, first === victim ? 1 : 0, 'who was not served by it has noticed nothing')
    t.notOk(others.includes(victim))
  }

  const lists = clients.map(({ beats }) => beats.items.map(({ from, number }) => `${from} #${number}`))
  // They have come one after another, and have not been looked at in the same moment.
  const first = lists.map(([first]) => first).find(first => lists.every(list => list.includes(String(first))))
  const common = lists.map(list => list.slice(list.indexOf(String(first))))
  const length = Math.min(...common.map(list => list.length))
  const [expected] = common.map(list => list.slice(0, length))
  for (const list of common) t.strictSame(list.slice(0, length), expected, 'all get the same events, in the same order')
  for (const process of new Set(clients[0]?.beats.items.map(({ from }) => from))) {
    const numbers = clients[0]?.beats.items.filter(({ from }) => from === process).map(({ number }) => number) as number[]
    t.strictSame(numbers, numbers.map((_, i) => Number(numbers[0]) + i), `of process ${process} none is missing`)
  }
})

t.test('the page shows who serves it, and survives its death', async t => {
  if (requireBinary(t, 'redis-server') === undefined) return
  const [browser, many] = await Promise.all([launchChromium(t), startMany(t)])
  if (browser === undefined) return
  const { page, problems, hosts } = await open(t, browser, many.url)
  await page.locator('#status[data-status="live"]').waitFor()
  await page.locator('#processes tr:nth-child(2)').waitFor()

  const victim = Number(await text(page, '#served-by'))
  t.ok(workers(many).includes(victim))
  process.kill(victim, 'SIGKILL')
  await page.locator('#processes tr:nth-child(3) td', { hasText: '10' }).waitFor()
  t.not(await text(page, '#served-by'), String(victim))
  t.equal(await text(page, '#victim'), await text(page, '#served-by'))
  t.equal(await text(page, '#missed'), '0')
  t.equal(await text(page, '#doubled'), '0')
  t.strictSame(problems.filter(problem => !problem.includes('net::ERR_INCOMPLETE_CHUNKED_ENCODING')), [])
  t.strictSame([...hosts], [new URL(many.url).host], 'everything comes from this server')
})

/** Two processes, however many cores there are. */
async function startMany (t: Test, env: Record<string, string> = {}): Promise<ClusterCommand> {
  return await startCluster(t, await freePort(), { PROCESSES: '2', BEAT_MS: '50', ...env }, 'processes serve', 'start:many')
}

function workers (many: ClusterCommand): number[] {
  return [many.pid('worker-1'), many.pid('worker-2')].sort()
}

/** Comes back by itself, and writes down what it gets. */
class Client {
  readonly beats = new Inbox<Beat>()
  readonly servedBy: number[] = []

  constructor (t: Test, url: string) {
    const stream = follow(url)
    t.teardown(() => { stream.close() })
    stream.on('served', data => { this.servedBy.push((data as { by: number }).by) })
    stream.on('beat', data => { this.beats.push(data as Beat) })
  }
}

async function lastLine (body: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const lines = (await new Response(body).text()).split('\n')
  return lines.findLast(line => line !== '')
}

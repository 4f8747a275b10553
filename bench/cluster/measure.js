import { setTimeout } from 'node:timers/promises'
import { Peer } from '../processes.js'
import { Engine } from './engine.js'

/** Who comes and goes before the memory is first looked at: what the first ones make is not theirs. */
const FIRST_VISITORS = 100

/** What a client has that follows, where a contestant names nothing else. */
const END_OF_HEAD = '\r\n\r\n'

/** For what an instance still does when its clients are there. */
const SETTLE_MS = 400

/** Events that are sent at once, where the publisher may be ahead: twice as many may be under way. */
const BLOCK = 500

/**
 * What is published, and how.
 *
 * @typedef {object} Phase
 * @property {string} name
 * @property {number} events
 * @property {number | 'one-by-one' | 'ahead'} pace So many per second; the next when everybody has the one before; or as
 *   many as go, of which up to 1,000 may be under way.
 * @property {boolean} [isTimed] Whether latencies are wanted.
 *
 * @typedef {object} Setup
 * @property {number} instances That have subscribers.
 * @property {number} subscribers Of each instance.
 * @property {number} audiences Each event is for one of them, in turns, and each subscriber in one.
 * @property {'channel' | 'topic'} by What tells them apart, for those who have both.
 * @property {boolean} publishesItself Whether the (first) instance with subscribers publishes, or one without any. Where nothing
 *   connects them it always does.
 * @property {boolean} isPinned Whether instances get one core, and everybody else the other.
 * @property {boolean} [weighs] Whether the memory of a subscriber is wanted.
 * @property {Phase[]} phases The first one warms up.
 */

/**
 * Measures one contestant once: fresh processes and an empty engine, subscribers who have nothing to read yet, phases.
 *
 * @param {Setup & { contestantUrl: string, cores: import('../processes.js').Cores | undefined }} run
 * @throws {Error} When it does not start, or does not deliver exactly what it should to everyone.
 */
export async function measure ({ contestantUrl, cores, instances: wanted, subscribers, audiences, by, publishesItself, isPinned, weighs = false, phases }) {
  const core = isPinned ? cores : undefined
  const { engine: engineName, greeting = END_OF_HEAD } = await import(contestantUrl)
  const engine = engineName === undefined ? undefined : await Engine.start(engineName, core?.load)
  const task = JSON.stringify({ audiences, by, enginePort: engine?.port })
  const start = core => new Peer('./cluster/instance.js', [contestantUrl, task], { core, flags: ['--expose-gc'] })
  const load = new Peer('./cluster/load.js', [], { core: core?.load })
  const instances = Array.from({ length: wanted }, () => start(core?.server))
  const publisher = publishesItself || engine === undefined ? instances[0] : start(core?.load)
  const all = [...new Set([publisher, ...instances])]
  try {
    const ports = new Map()
    for (const each of all) ports.set(each, (await each.ask()).port)
    const connection = { do: 'connect', ports: instances.map(each => ports.get(each)), audiences, greeting }
    const count = phases.reduce((sum, { events }) => sum + events, 0)
    const connect = () => load.ask({ ...connection, subscribers, count })
    const memory = weighs ? await weighAll(connect, connection) : await connect()
    await setTimeout(SETTLE_MS)

    const results = {}
    const timed = []
    let from = 0
    for (const phase of phases) {
      const to = from + phase.events
      results[phase.name] = await measurePhase(phase, from, to)
      if (phase.isTimed) timed.push({ name: phase.name, from, to })
      from = to
    }
    await load.ask({ do: 'check', count })
    for (const { name, from, to } of timed) results[name].latencyMs = await load.ask({ do: 'latencies', from, to })
    return { ...results, ...memory }
  } catch (error) {
    for (const each of all) await each.endsSoon()
    throw error
  } finally {
    await Promise.all([...all, load].map(each => each.stop()))
    await engine?.stop()
  }

  async function weighAll (connect, connection) {
    const [instance] = instances
    await load.ask({ ...connection, subscribers: FIRST_VISITORS, count: 0 })
    await load.ask({ do: 'leave' })
    const without = await instance.ask({ do: 'weigh', connections: 0 })
    await connect()
    await setTimeout(SETTLE_MS)
    const withAll = await instance.ask({ do: 'weigh', connections: subscribers })
    return {
      residentPerSubscriber: (withAll.resident - without.resident) / subscribers,
      heapPerSubscriber: (withAll.heap - without.heap) / subscribers,
      residentAtRest: without.resident,
      heapAtRest: without.heap
    }
  }

  async function measurePhase ({ events, pace }, from, to) {
    for (const each of all) await each.ask({ do: 'begin' })
    const engineBefore = engine?.cpuMs()
    const begunMs = performance.now()
    await deliver(pace, from, to)
    const seconds = (performance.now() - begunMs) / 1e3
    const engineMs = engine && engine.cpuMs() - engineBefore
    const spent = new Map()
    for (const each of all) spent.set(each, (await each.ask({ do: 'end' })).cpuMs)
    const instancesMs = instances.map(each => spent.get(each))
    return {
      events,
      seconds,
      eventsPerSecond: events / seconds,
      // Microseconds of CPU time per event.
      publisherUs: spent.get(publisher) / events * 1e3,
      instanceUs: instancesMs.reduce((sum, ms) => sum + ms, 0) / wanted / events * 1e3,
      engineUs: engineMs === undefined ? undefined : engineMs / events * 1e3,
      deliveryUs: instancesMs.reduce((sum, ms) => sum + ms, 0) / wanted / (events * subscribers / audiences) * 1e3
    }
  }

  async function deliver (pace, from, to) {
    if (pace === 'one-by-one') {
      for (let i = from; i < to; i++) {
        await Promise.all([publisher.ask({ do: 'publish', from: i, to: i + 1 }), load.ask({ do: 'receive', from: i, last: i })])
      }
    } else if (pace === 'ahead') {
      for (let i = from; i < to; i += BLOCK) {
        await publisher.ask({ do: 'publish', from: i, to: Math.min(to, i + BLOCK) })
        if (i > from) await load.ask({ do: 'receive', from: i - BLOCK, last: i - 1 })
      }
      await load.ask({ do: 'receive', from, last: to - 1 })
    } else {
      await publisher.ask({ do: 'pace', from, to, perSecond: pace })
      await load.ask({ do: 'receive', from, last: to - 1 })
    }
  }
}

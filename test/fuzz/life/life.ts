import fc from 'fast-check'
import { Clock } from './clock.js'
import type { Run } from '../run.js'
import { check } from './model.js'
import { play } from './play.js'
import { schedule } from './schedule.js'
import { Server } from './server.js'

/** Plays random schedules. @throws What says which of them went wrong, as short as it gets, and how to play it again. */
export async function playSchedules (run: Run): Promise<void> {
  const clock = new Clock()
  const uninstall = clock.install()
  const strays: unknown[] = []
  const stray = (what: unknown): void => { strays.push(what) }
  for (const event of ['unhandledRejection', 'warning', 'uncaughtException']) process.on(event, stray)
  const servers = new Map<boolean, Server>()
  const serverOf = async (fast: boolean): Promise<Server> => {
    const server = servers.get(fast) ?? await new Server(fast).start()
    servers.set(fast, server)
    return server
  }
  try {
    await fc.assert(fc.asyncProperty(schedule, async schedule => {
      const server = await serverOf(schedule.fast)
      strays.length = 0
      try {
        check(await play(schedule, server, clock))
        if (strays.length > 0) throw new Error('not so: nothing is left to the process', { cause: strays[0] })
      } catch (error) {
        server.isUsedUp = true // whatever it has come to should not spoil the next one
        throw error
      } finally {
        if (server.isUsedUp) {
          servers.delete(schedule.fast)
          await discard(server, clock)
        }
      }
    }), run)
  } finally {
    for (const event of ['unhandledRejection', 'warning', 'uncaughtException']) process.off(event, stray)
    for (const server of servers.values()) await discard(server, clock)
    uninstall()
  }
}

/** Nothing of a server that went wrong is waited for. */
async function discard (server: Server, clock: Clock): Promise<void> {
  server.stop().catch(() => {})
  for (let i = 0; i < 10; i++) {
    clock.advance(1_000)
    await new Promise(setImmediate)
  }
  clock.clear()
}

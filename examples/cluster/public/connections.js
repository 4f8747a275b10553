import { count, seconds, time } from '/live-example/format.js'
import { nameTag } from './names.js'

const byId = (id) => document.getElementById(id)

/** Lists the connections of this page: from which server to which, and what was in between. */
export function showConnections (account) {
  let current
  let lostAt
  let caughtUp
  let missed
  let note
  let reconnects = 0

  const say = () => {
    const events = caughtUp === 1 ? '1 event' : `${count(caughtUp)} events`
    const outcome = account.missed === missed ? 'none missed' : `${count(account.missed - missed)} missed`
    note.textContent = `away for ${seconds(current.awayMs)}, caught up on ${events}, ${outcome}`
  }

  return {
    status (status) {
      if (status !== 'live') lostAt ??= Date.now()
    },
    connected (next) {
      const before = current
      current = { ...next, awayMs: lostAt === undefined ? 0 : Date.now() - lostAt }
      lostAt = undefined
      caughtUp = 0
      missed = account.missed

      const item = document.createElement('li')
      const when = document.createElement('time')
      const way = document.createElement('p')
      way.className = 'way'
      const now = new Date()
      when.dateTime = now.toISOString()
      when.textContent = time(now)
      if (before !== undefined) way.append(tag(before), ' → ')
      way.append(tag(next))
      note = document.createElement('p')
      note.className = 'muted'
      item.append(when, way, note)
      byId('connections').prepend(item)

      if (before === undefined) {
        note.textContent = 'the first connection of this page'
        return
      }
      reconnects++
      byId('connections-figure').textContent = reconnects === 1 ? '1 reconnect' : `${count(reconnects)} reconnects`
      say()
    },
    beat ({ isCaughtUp }) {
      if (!isCaughtUp || reconnects === 0) return
      caughtUp++
      say()
    },
    gap () {
      note.textContent = 'away for too long: what was published meanwhile is gone from the history'
    }
  }
}

function tag ({ name, pid }) {
  return nameTag(name, `${name} ${pid}`)
}

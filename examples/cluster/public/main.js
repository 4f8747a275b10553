import { count } from '/live-example/format.js'
import { Account } from './account.js'
import { follow } from './connection.js'
import { showConnections } from './connections.js'
import { showEvents } from './events.js'
import { showInstances } from './instances.js'
import { showLanes } from './lanes.js'
import { showServer } from './server.js'

const STATUS = {
  live: 'Live',
  reconnecting: 'Reconnecting …',
  offline: 'No server is up, trying again …'
}

const byId = (id) => document.getElementById(id)

const account = new Account()
const views = [showServer(), showInstances(), showLanes(), showEvents(), showConnections(account)]

/** Where this connection stands. Times of the servers are turned into those of this browser, whose clock may be another. */
let connection

const tell = (name, ...args) => { for (const view of views) view[name]?.(...args) }

follow('/live', {
  connected (server) {
    account.begin(server.at)
    connection = { ...server, skewMs: Date.now() - server.at }
    tell('connected', connection)
  },
  beat (beat, id) {
    account.take(beat)
    for (const name of ['received', 'missed', 'doubled']) {
      byId(name).textContent = count(account[name])
      byId(name).classList.toggle('wrong', name !== 'received' && account[name] > 0)
    }
    byId('last-id').textContent = id
    // What was published before this connection was made is what the page has missed without it.
    tell('beat', { ...beat, id, at: beat.at + connection.skewMs, isCaughtUp: beat.at < connection.at })
  },
  state (state) { tell('state', { ...state, at: state.at + connection.skewMs }) },
  left (left) { tell('left', left) },
  'stream-gap' () { tell('gap') }
}, status => {
  byId('status').dataset.status = status
  byId('status-text').textContent = STATUS[status]
  document.body.dataset.status = status
  tell('status', status)
})

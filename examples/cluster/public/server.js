import { time } from '/live-example/format.js'
import { kill } from './kill.js'

const byId = (id) => document.getElementById(id)

/** Shows which server this page is served by, and lets the reader kill it. */
export function showServer () {
  let server

  byId('server-kill').onclick = async () => {
    const { name, pid } = server
    byId('server-kill').disabled = true
    byId('server-outcome').textContent = `Killing ${name} …`
    if (await kill(pid)) return
    byId('server-outcome').textContent = 'Nobody has taken the order.'
    byId('server-kill').disabled = false
  }

  return {
    connected (next) {
      const { name, pid, run, skewMs } = next
      if (server !== undefined) {
        byId('server-outcome').textContent = pid === server.pid ? `${name} is back` : `${server.name} is gone, ${name} goes on`
      }
      server = next
      byId('server').dataset.server = name
      byId('server-name').textContent = name
      byId('server-process').textContent = `process ${pid}, since ${time(run + skewMs)}`
      byId('server-kill').disabled = false
    },
    status (status) {
      if (status !== 'live') byId('server-kill').disabled = true
    }
  }
}

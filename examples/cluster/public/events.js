import { count } from '/live-example/format.js'
import { nameTag } from './names.js'

/** What is kept of what has passed. */
const MAX_ROWS = 60

/** Lists the events with their ids, the newest first. */
export function showEvents () {
  const rows = document.getElementById('events')
  return {
    beat ({ from, number, id, isCaughtUp }) {
      const row = rows.insertRow(0)
      if (isCaughtUp) row.dataset.isCaughtUp = ''
      row.insertCell().append(nameTag(from))
      row.insertCell().textContent = `#${count(number)}`
      const code = document.createElement('code')
      code.textContent = id
      row.insertCell().append(code)
      if (rows.rows.length > MAX_ROWS) rows.deleteRow(-1)
    }
  }
}

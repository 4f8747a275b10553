import { follow } from '/live-example/follow.js'

const STATUS = { live: 'Live', reconnecting: 'Reconnecting …', offline: 'No answer, trying again …' }

const byId = (id) => document.getElementById(id)

/** The last number that each process has given an event, and the row that shows it. */
const processes = new Map()
const counts = { received: 0, missed: 0, doubled: 0 }

follow('/live', {
  listeners: [{
    served ({ by }) {
      byId('served-by').textContent = byId('victim').textContent = by
    },
    beat ({ from, number }) {
      const process = processes.get(from) ?? addProcess(from, number)
      if (number <= process.last) counts.doubled++
      else {
        counts.received++
        counts.missed += number - process.last - 1
        process.last = number
      }
      process.cell.textContent = process.last
      for (const [name, count] of Object.entries(counts)) byId(name).textContent = count
    }
  }],
  onStatus (status) {
    byId('status').dataset.status = document.body.dataset.status = status
    byId('status-text').textContent = STATUS[status]
  }
})

/** What a process has published before the first event of it that came here is not missed. */
function addProcess (id, number) {
  const row = byId('processes').insertRow()
  row.append(Object.assign(document.createElement('th'), { scope: 'row', textContent: id }))
  const process = { last: number - 1, cell: row.insertCell() }
  processes.set(id, process)
  return process
}

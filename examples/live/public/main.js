import { offerBoard } from './board.js'
import { showFigures } from './figures.js'
import { follow } from './follow.js'
import { offerJob } from './job.js'
import { offerText } from './text.js'
import { offerTicker } from './ticker.js'

const STATUS = {
  live: 'Live',
  reconnecting: 'Reconnecting …',
  offline: 'No answer, trying again …'
}

function showStatus (status) {
  document.getElementById('status').dataset.status = status
  document.getElementById('status-text').textContent = STATUS[status]
  document.body.dataset.status = status
}

offerJob()
offerText()
offerTicker()
const figures = showFigures()
const board = offerBoard()

// Figures, notices and readers on one connection: of HTTP/1.1 a browser opens six to a server, for all of its tabs.
const lastEventId = await board.load(() => { showStatus('offline') })
follow('/live', {
  lastEventId,
  listeners: [figures, board.listeners],
  onStatus (status) {
    showStatus(status)
    board.showStatus(status)
  }
})

import { count, time } from './format.js'

/** As many as the server keeps. */
const MAX_NOTICES = 100
const RETRY_MS = 2_000

const STATUS = {
  reconnecting: 'Reconnecting … what is posted meanwhile comes after.',
  offline: 'No answer, trying again … what is posted meanwhile comes after.'
}

const byId = (id) => document.getElementById(id)

/** Lets the reader post notices, and shows those of all tabs. */
export function offerBoard () {
  const shown = new Map()
  /** Notices that came while the board is loaded anew. */
  let waiting
  let connection
  let caughtUp = 0

  const show = (notice) => {
    // One that was posted while the board was loaded is in the list, and comes again.
    if (shown.has(notice.number)) return undefined
    const item = render(notice)
    shown.set(notice.number, item)
    byId('notices').prepend(item)
    if (shown.size > MAX_NOTICES) {
      const [[oldest, item]] = shown
      item.remove()
      shown.delete(oldest)
    }
    byId('board-empty').hidden = true
    return item
  }

  const showAll = (notices) => {
    shown.clear()
    byId('notices').replaceChildren()
    byId('board-empty').hidden = false
    for (const notice of notices) show(notice)
  }

  byId('board-form').onsubmit = (event) => {
    event.preventDefault()
    void post()
  }

  return {
    /** Shows what was posted so far. Resolves with the place from which the stream goes on. */
    async load (onFailure) {
      const { notices, position } = await ask(onFailure)
      showAll(notices)
      return position
    },

    showStatus (status) {
      if (status === 'live') say('live', connection === undefined ? 'Live' : 'Live again')
      else say(status, STATUS[status])
    },

    listeners: {
      /** Every connection begins with this. */
      machine ({ at, startedAt }) {
        connection = { at, startedAt, isOther: connection !== undefined && connection.startedAt !== startedAt }
        caughtUp = 0
      },
      notice (notice) {
        if (waiting !== undefined) {
          waiting.push(notice)
          return
        }
        const item = show(notice)
        if (item === undefined || notice.at > connection.at) return
        item.dataset.isCaughtUp = ''
        caughtUp++
        say('live', `Live again · caught up on ${caughtUp === 1 ? '1 notice' : `${count(caughtUp)} notices`}`)
      },
      readers ({ tabs }) {
        byId('readers').textContent = tabs === 1 ? '1 tab' : `${count(tabs)} tabs`
      },
      /** What was missed is gone: all that is left is loaded, and what comes meanwhile is added. */
      async 'stream-gap' () {
        const mine = waiting = []
        const { notices } = await ask(() => {})
        if (waiting !== mine) return // there was another gap
        waiting = undefined
        showAll([...notices, ...mine])
        say('live', connection.isOther
          ? 'Live again · the server was restarted, and this board was in its memory: it begins anew'
          : 'Live again · too much was missed: loaded anew')
      }
    }
  }
}

async function ask (onFailure) {
  while (true) {
    try {
      const response = await fetch('/board')
      if (response.ok) return await response.json()
    } catch {
      // Nobody answers, as long as the server restarts.
    }
    onFailure()
    await new Promise(resolve => { setTimeout(resolve, RETRY_MS) })
  }
}

async function post () {
  const text = byId('notice-text')
  byId('notice-post').disabled = true
  try {
    const response = await fetch('/board', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ author: byId('notice-author').value, text: text.value })
    })
    if (response.ok) text.value = ''
    byId('notice-outcome').textContent = response.ok ? '' : await refusal(response)
  } catch {
    byId('notice-outcome').textContent = 'Not posted: the server does not answer.'
  }
  byId('notice-post').disabled = false
  text.focus()
}

async function refusal (response) {
  if (response.status === 429) return 'Not posted: too many at a time. Try again in a few seconds.'
  const { message } = await response.json()
  return `Not posted: ${message}.`
}

function render ({ at, author, text }) {
  const item = document.createElement('li')
  const from = document.createElement('b')
  const when = document.createElement('time')
  const body = document.createElement('p')
  from.textContent = author
  when.textContent = time(at)
  when.dateTime = new Date(at).toISOString()
  body.textContent = text
  for (const element of [from, body]) element.dir = 'auto'
  item.append(from, when, body)
  return item
}

function say (status, text) {
  byId('board-status').dataset.status = status
  byId('board-status').textContent = text
}

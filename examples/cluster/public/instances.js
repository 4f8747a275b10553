import { count } from '/live-example/format.js'
import { kill } from './kill.js'
import { NAMES, nameTag } from './names.js'

/** Each server says how it is once a second. One that says nothing for this long is dead. */
const SILENCE_MS = 2_600
const LOOK_MS = 200

const STATES = { up: 'up', down: 'down', stopped: 'stopped', unknown: '…' }

/** Shows how each server is. */
export function showInstances () {
  const cards = new Map(NAMES.map(name => [name, addCard(name)]))
  let isLive = false
  let serving

  const judge = (card) => {
    if (card.state === undefined) return
    if (!isSilent(card)) showUp(card, card === serving)
    // Who serves this page does live: nobody is heard of while the broker is away.
    else if (isSilent(serving)) show(card, 'unknown', 'No word of it: is Redis away?')
    else show(card, 'down', `Silent for ${Math.round((Date.now() - card.heardAt) / 1000)} s, back soon`)
  }

  setInterval(() => {
    // A page that is not connected can't tell who is dead.
    if (isLive) for (const card of cards.values()) judge(card)
  }, LOOK_MS)

  return {
    connected ({ name }) {
      serving = cards.get(name)
      for (const card of cards.values()) card.element.classList.toggle('serves', card === serving)
    },
    state (state) {
      const card = cards.get(state.name)
      card.state = state
      card.heardAt = Math.max(state.at, card.heardAt)
      card.fields.process.textContent = state.pid
      card.fields.subscribers.textContent = count(state.subscribers)
      judge(card)
    },
    beat ({ from, number }) {
      cards.get(from).fields.last.textContent = `#${count(number)}`
    },
    left ({ name }) {
      const card = cards.get(name)
      card.state = undefined
      show(card, 'stopped', 'Has said that it was stopped')
    },
    status (status) { isLive = status === 'live' }
  }
}

function addCard (name) {
  const element = document.createElement('article')
  element.className = 'card instance'
  element.dataset.server = name

  const title = document.createElement('h2')
  const badge = document.createElement('span')
  badge.className = 'badge'
  title.append(nameTag(name), badge)

  const list = document.createElement('dl')
  const fields = Object.fromEntries(Object.entries({
    process: 'Process', uptime: 'Up for', subscribers: 'Subscribers', last: 'Last event'
  }).map(([key, label]) => {
    const row = document.createElement('div')
    const term = document.createElement('dt')
    const value = document.createElement('dd')
    value.dataset.field = key
    value.textContent = '–'
    term.textContent = label
    row.append(term, value)
    list.append(row)
    return [key, value]
  }))

  const foot = document.createElement('div')
  foot.className = 'actions'
  const note = document.createElement('p')
  note.className = 'outcome muted'
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'secondary'
  button.textContent = 'kill -9'
  button.ariaLabel = `kill -9 ${name}`
  foot.append(note, button)

  element.append(title, list, foot)
  document.getElementById('instances').append(element)
  const card = { element, badge, fields, note, button, state: undefined, heardAt: 0, killed: undefined }
  button.onclick = async () => {
    const { run, pid } = card.state
    card.killed = run
    button.disabled = true
    if (!await kill(pid)) card.killed = undefined
  }
  show(card, 'unknown', 'Not heard of yet')
  return card
}

function isSilent ({ heardAt }) {
  return Date.now() - heardAt > SILENCE_MS
}

function showUp (card, serves) {
  const { run } = card.state
  show(card, 'up', serves ? 'Serves this page' : '')
  card.button.disabled = card.killed === run
  card.fields.uptime.textContent = duration(Date.now() - run)
}

function show ({ element, badge, fields, note, button }, state, text) {
  element.dataset.state = state
  badge.textContent = STATES[state]
  note.textContent = text
  if (state === 'up') return
  button.disabled = true
  for (const name of ['uptime', 'subscribers']) fields[name].textContent = '–'
}

function duration (ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const minutes = Math.floor(seconds / 60)
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`
}

import { count } from './format.js'
import { allEnded } from './generators.js'
import { readEvents } from './read-events.js'

const byId = (id) => document.getElementById(id)

/** Lets the reader ask for a text, and stop it. */
export function offerText () {
  let controller

  byId('text-pace').oninput = showPace
  showPace()
  byId('text-form').onsubmit = (event) => {
    event.preventDefault()
    controller = new AbortController()
    void write(controller.signal)
  }
  byId('text-stop').onclick = () => {
    byId('text-start').disabled = false
    byId('text-start').focus()
    controller.abort()
  }
}

function showPace () {
  byId('text-pace-output').textContent = `${count(byId('text-pace').value)} words a minute`
}

async function write (signal) {
  const paper = byId('text-paper')
  let words = 0
  let ofWords = 0
  let isDone = false
  const soFar = () => `${count(words)} of ${count(ofWords)} words`

  paper.textContent = ''
  show('running', 'Writing …')
  try {
    for await (const { event, data } of readEvents(await ask(signal))) {
      if (event === 'start') {
        ofWords = data.words
      } else if (event === 'word') {
        words++
        paper.append(data.text)
        paper.scrollTop = paper.scrollHeight
        byId('text-detail').textContent = soFar()
      } else if (event === 'done') {
        isDone = true
      }
    }
    // A stream that was cut does not look finished: its final event is missing.
    if (isDone) show('done', `Finished: ${count(words)} words.`)
    else show('failed', `Broken off after ${soFar()}.`)
  } catch (error) {
    if (!signal.aborted) {
      // fetch() and its body fail with a TypeError when the connection does.
      const reason = error instanceof TypeError ? 'the server does not answer' : error.message
      show('failed', words === 0 ? `Failed: ${reason}.` : `Broken off after ${soFar()}: ${reason}.`)
      return
    }
    show('stopped', `Stopped after ${soFar()}.`)
    await allEnded('text')
    if (byId('text').dataset.state === 'stopped') show('stopped', `Stopped after ${soFar()}. The generator on the server has ended.`)
  }
}

async function ask (signal) {
  const response = await fetch('/text', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ file: byId('text-file').value, wordsPerMinute: Number(byId('text-pace').value) }),
    signal
  })
  if (response.ok) return response
  const { message } = await response.json()
  throw new Error(message)
}

function show (state, outcome) {
  byId('text').dataset.state = state
  byId('text-outcome').textContent = outcome
  byId('text-start').disabled = state === 'running'
  byId('text-stop').disabled = state !== 'running'
}

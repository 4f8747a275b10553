import { connect } from '/modules/client.js'
import { count } from './format.js'
import { allEnded } from './generators.js'

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
  const soFar = () => `${count(words)} of ${count(ofWords)} words`

  paper.textContent = ''
  show('running', 'Writing …')
  const stream = ask(signal)
  try {
    for await (const { event, data } of stream) {
      if (event === 'start') {
        ofWords = data.words
      } else if (event === 'word') {
        words++
        paper.append(data.text)
        paper.scrollTop = paper.scrollHeight
        byId('text-detail').textContent = soFar()
      }
    }
  } catch (error) {
    // A stream that was cut does not look finished: its final event is missing.
    show('failed', words === 0 ? `Failed: ${reason(error)}.` : `Broken off after ${soFar()}.`)
    return
  }
  if (await stream.closed === 'complete') {
    show('done', `Finished: ${count(words)} words.`)
  } else {
    show('stopped', `Stopped after ${soFar()}.`)
    await allEnded('text')
    if (byId('text').dataset.state === 'stopped') show('stopped', `Stopped after ${soFar()}. The generator on the server has ended.`)
  }
}

/** A POST, which EventSource does not know. Nobody asks for it again by itself: the server would write it anew. */
function ask (signal) {
  return connect('/text', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ file: byId('text-file').value, wordsPerMinute: Number(byId('text-pace').value) }),
    final: ['done'],
    signal
  })
}

function reason ({ answer }) {
  if (answer === undefined) return 'the server does not answer'
  try {
    return JSON.parse(answer.body).message
  } catch {
    return `the answer was ${answer.status}` // the page of a proxy, for one
  }
}

function show (state, outcome) {
  byId('text').dataset.state = state
  byId('text-outcome').textContent = outcome
  byId('text-start').disabled = state === 'running'
  byId('text-stop').disabled = state !== 'running'
}

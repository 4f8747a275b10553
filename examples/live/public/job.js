import { count, mebibytes, seconds } from './format.js'

const byId = (id) => document.getElementById(id)

/** Lets the reader start a job on the server, and shows how it goes. */
export function offerJob () {
  let source
  byId('job-start').onclick = () => {
    source?.close()
    source = runJob()
  }
}

function runJob () {
  const source = new EventSource('/job')
  byId('job-progress').value = 0
  show('running', 'Running …')

  source.addEventListener('progress', ({ data }) => {
    const { file, ofFiles, totals } = JSON.parse(data)
    if (byId('job').dataset.state !== 'running') show('running', 'Running …')
    byId('job-progress').value = totals.files / ofFiles
    byId('job-detail').textContent = `${count(totals.files)} of ${count(ofFiles)} files · ${file}`
  })

  let outcome
  source.addEventListener('done', ({ data }) => {
    const { totals, durationMs } = JSON.parse(data)
    outcome = `${mebibytes(totals.originalBytes)} became ${mebibytes(totals.compressedBytes)} in ${seconds(durationMs)}.`
    byId('job-detail').textContent = `${count(totals.files)} files`
    show('complete', `Complete: ${outcome}`)
    // Without source.close(): the browser comes back once more, as it always does, and is told to stay away.
  })

  source.onerror = () => {
    const isClosed = source.readyState === EventSource.CLOSED
    if (outcome !== undefined) {
      if (isClosed) show('closed', `Complete, and it stays so: ${outcome} The browser came back, and was told that there is no more.`)
    } else {
      show('interrupted', isClosed ? 'The server does not take the job now.' : 'Interrupted. The browser starts it again as soon as it can …')
    }
  }
  return source
}

function show (state, outcome) {
  byId('job').dataset.state = state
  byId('job-outcome').textContent = outcome
  byId('job-start').disabled = state === 'running'
}

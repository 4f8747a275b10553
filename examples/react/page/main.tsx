import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import type { ClientState } from 'fastify-typed-sse/client'
import type { votes } from '../streams.js'
import { useLatest } from './use-latest.js'

const DRINKS = ['tea', 'coffee'] as const
const STATUS: Record<ClientState, string> = {
  connecting: 'Connecting …',
  open: 'Live: every vote is seen here as it comes.',
  waiting: 'Reconnecting …',
  closed: 'The poll is not open any more. Load this page again to try.'
}

function Poll () {
  const [event, state] = useLatest<typeof votes>('/votes')
  const counted = event?.event === 'tally' ? event.data : { tea: 0, coffee: 0 }
  const all = Math.max(1, counted.tea + counted.coffee)
  return (
    <main data-state={state}>
      <h1>Tea or coffee?</h1>
      {DRINKS.map(drink => (
        <button key={drink} onClick={() => { void fetch(`/votes/${drink}`, { method: 'POST' }) }}>
          <span>{drink}</span>
          <meter value={counted[drink]} max={all} aria-label={`votes for ${drink}`} />
          <output>{counted[drink]}</output>
        </button>
      ))}
      <p role='status'>{STATUS[state]}</p>
    </main>
  )
}

createRoot(document.getElementById('root')!).render(<StrictMode><Poll /></StrictMode>)

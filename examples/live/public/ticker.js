import { follow } from './follow.js'
import { count } from './format.js'
import { HeatMap } from './heat-map.js'

const SYMBOLS = 500
/** Rates are means over this time: one burst and one rest of the ticker. */
const WINDOW_MS = 6_000

const byId = (id) => document.getElementById(id)

/** Shows the newest prices of all symbols, and lets the reader be slow. */
export function offerTicker () {
  const map = new HeatMap(byId('ticker-map'), byId('ticker-detail'))
  /** How many changes each symbol has had, as far as is known here. */
  const updates = new Map()
  let known = 0
  let received = 0
  let samples = []
  let isSlow = false
  let close
  let lastEventId

  const listeners = {
    quote (quote) {
      received++
      known += quote.update - (updates.get(quote.symbol) ?? 0)
      updates.set(quote.symbol, quote.update)
      map.set(quote)
    },
    count ({ updates: published, isResting }) {
      samples.push({ at: performance.now(), published, received })
      if (samples.length > 1 && samples[1].at < samples.at(-1).at - WINDOW_MS) samples.shift()
      showRates(samples)
      const behind = Math.max(0, published - known)
      byId('ticker-behind').textContent = count(behind)
      const isNewest = isResting && behind === 0 && updates.size === SYMBOLS
      byId('ticker').dataset.state = isNewest ? 'newest' : 'moving'
      byId('ticker-outcome').textContent = isNewest ? `At rest: all ${SYMBOLS} are at their newest price.` : WORDS[isSlow]
    },
    /** The server was restarted, and begins anew. */
    'stream-gap' () {
      updates.clear()
      known = 0
      samples = []
    }
  }

  const restart = (isWanted) => {
    // It goes on where it was: what has not changed in between is not sent again.
    if (close !== undefined) lastEventId = close()
    samples = []
    close = isWanted ? follow(isSlow ? '/ticker/slow' : '/ticker', { lastEventId, listeners: [listeners] }) : undefined
  }

  byId('ticker-slow').onclick = () => {
    isSlow = !isSlow
    byId('ticker-slow').textContent = isSlow ? 'Make this tab fast again' : 'Make this tab slow'
    byId('ticker').classList.toggle('slow', isSlow)
    byId('ticker-outcome').textContent = WORDS[isSlow]
    restart(true)
  }

  whileSeen(byId('ticker'), restart)
}

const WORDS = {
  true: 'The server keeps the newest price of each symbol for this tab, and spares it the others.',
  false: 'This tab gets every change.'
}

function showRates (samples) {
  const [first] = samples
  const last = samples.at(-1)
  const seconds = (last.at - first.at) / 1000
  const rate = (name) => seconds < 1 ? '–' : count((last[name] - first[name]) / seconds)
  byId('ticker-published').textContent = rate('published')
  byId('ticker-received').textContent = rate('received')
}

/** Nobody pays for what nobody sees: says whether an element is on the screen, whenever that changes. */
function whileSeen (element, onChange) {
  let isOnScreen = false
  let isSeen = false
  const look = () => {
    const before = isSeen
    isSeen = isOnScreen && !document.hidden
    if (isSeen !== before) onChange(isSeen)
  }
  new IntersectionObserver(entries => {
    isOnScreen = entries.at(-1).isIntersecting
    look()
  }).observe(element)
  document.addEventListener('visibilitychange', look)
}

import { follow } from './follow.js'
import { count } from './format.js'
import { HeatMap } from './heat-map.js'

const SYMBOLS = 500
/** Rates are means over this time: one burst and one rest of the ticker. */
const WINDOW_MS = 6_000

const EVERY_CHANGE = 'This tab takes every change as it comes.'
const SPARED = 'This tab gets the newest of each, and is spared what is out of date.'
const AT_REST = `At rest: all ${SYMBOLS} are at their newest price.`

const byId = (id) => document.getElementById(id)

/** Shows the newest prices of all symbols, and lets the reader be slow. */
export function offerTicker () {
  const map = new HeatMap(byId('ticker-map'), byId('ticker-detail'))
  /** How many changes each symbol has had, as far as is known here. */
  const updates = new Map()
  let known = 0
  let published = 0
  let isResting = false
  let received = 0
  let samples
  let isSlow = false
  let isNewest = false
  let stream
  let lastEventId

  const say = () => {
    byId('ticker').dataset.state = isNewest ? 'newest' : 'moving'
    byId('ticker-outcome').textContent = isNewest ? AT_REST : isSlow ? SPARED : EVERY_CHANGE
  }

  /** A slow tab gets the newest count at the place of an older one, before quotes that it counts: so each may be the last. */
  const judge = () => {
    const wasNewest = isNewest
    isNewest = isResting && known === published && updates.size === SYMBOLS
    if (isNewest || wasNewest) byId('ticker-behind').textContent = count(Math.max(0, published - known))
    if (isNewest !== wasNewest) say()
  }

  const listeners = {
    quote (quote) {
      received++
      known += quote.update - (updates.get(quote.symbol) ?? 0)
      updates.set(quote.symbol, quote.update)
      map.set(quote)
      judge()
    },
    count (counted) {
      published = counted.updates
      isResting = counted.isResting
      addSample(published)
      byId('ticker-behind').textContent = count(Math.max(0, published - known))
      judge()
    },
    /** The server was restarted, and begins anew. */
    'stream-gap' () {
      updates.clear()
      known = 0
    }
  }

  const addSample = (published) => {
    // Whatever comes first on a connection is the newest of before, of which most changes were not sent.
    if (samples !== undefined) samples.push({ at: performance.now(), published, received })
    else samples = []
    if (samples.length > 1 && samples[1].at < samples.at(-1).at - WINDOW_MS) samples.shift()
    if (samples.length > 1) showRates(samples)
  }

  const restart = (isWanted) => {
    // It goes on where it was: what has not changed in between is not sent again.
    if (stream !== undefined) lastEventId = stream.lastEventId
    stream?.close()
    stream = isWanted
      ? follow(isSlow ? '/ticker/slow' : '/ticker', { lastEventId, listeners: [listeners], onStatus: () => { samples = undefined } })
      : undefined
  }

  byId('ticker-slow').onclick = () => {
    isSlow = !isSlow
    byId('ticker-slow').textContent = isSlow ? 'Make this tab fast again' : 'Make this tab slow'
    byId('ticker').classList.toggle('slow', isSlow)
    isNewest = false
    say()
    restart(true)
  }

  whileSeen(byId('ticker'), restart)
}

function showRates (samples) {
  const [first] = samples
  const last = samples.at(-1)
  for (const name of ['published', 'received']) {
    byId(`ticker-${name}`).textContent = count(1000 * (last[name] - first[name]) / (last.at - first.at))
  }
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

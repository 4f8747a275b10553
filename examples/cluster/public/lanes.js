import { NAMES } from './names.js'

/** Milliseconds that a pixel stands for. */
const MS_PER_PIXEL = 32
const DRAW_MS = 100
const LABEL_WIDTH = 66
const LANE_HEIGHT = 44
const STRIP_HEIGHT = 26
const MARK_WIDTH = 3
const MARK_HEIGHT = 22
/** As many as the widest screen has room for. While the page is hidden nothing is drawn, and nothing else drops them. */
const MAX_BEATS = 2_000

/** Draws a mark for each event, in the lane of who has published it and at the time when it did. */
export function showLanes () {
  const canvas = document.getElementById('lanes')
  const context = canvas.getContext('2d')
  const beats = []
  /** Who has served this page, and from when to when. Those without a name are times when nobody did. */
  const spans = []

  const begin = (name) => {
    const now = Date.now()
    if (spans.length > 0) spans.at(-1).to = now
    spans.push({ name, from: now, to: Infinity })
  }

  const draw = () => {
    const { clientWidth: width, clientHeight: height } = canvas
    const scale = devicePixelRatio
    canvas.width = width * scale
    canvas.height = height * scale
    context.scale(scale, scale)
    const now = Date.now()
    const x = (at) => width - (now - at) / MS_PER_PIXEL
    const start = now - (width - LABEL_WIDTH) * MS_PER_PIXEL
    while (beats[0]?.at < start) beats.shift()
    while (spans[0]?.to < start) spans.shift()

    context.lineWidth = 1.5
    context.font = '12px system-ui, sans-serif'
    context.textBaseline = 'middle'
    const lanesBottom = NAMES.length * LANE_HEIGHT
    NAMES.forEach((name, lane) => {
      const y = (lane + 0.5) * LANE_HEIGHT
      context.fillStyle = css('--muted')
      context.fillText(name, 0, y)
      context.fillStyle = css('--grid')
      context.fillRect(LABEL_WIDTH, y, width - LABEL_WIDTH, 1)
    })
    context.fillStyle = css('--muted')
    context.fillText('served by', 0, lanesBottom + STRIP_HEIGHT / 2)

    for (const { name, from, to } of spans) {
      const left = Math.max(LABEL_WIDTH, x(from))
      const right = Math.min(width, x(to))
      if (right <= left) continue
      if (name === undefined) {
        context.fillStyle = css('--away')
        context.fillRect(left, 0, right - left, lanesBottom + STRIP_HEIGHT)
      } else {
        context.fillStyle = css(`--${name}`)
        context.fillRect(left, lanesBottom + STRIP_HEIGHT / 2 - 3, right - left, 6)
      }
    }
    for (const { from, at, isCaughtUp } of beats) {
      const y = (NAMES.indexOf(from) + 0.5) * LANE_HEIGHT
      context.beginPath()
      context.roundRect(x(at) - MARK_WIDTH, y - MARK_HEIGHT / 2, MARK_WIDTH, MARK_HEIGHT, MARK_WIDTH / 2)
      context.fillStyle = context.strokeStyle = css(`--${from}`)
      if (isCaughtUp) context.stroke()
      else context.fill()
    }
  }

  setInterval(() => { requestAnimationFrame(draw) }, DRAW_MS)

  return {
    connected ({ name }) { begin(name) },
    beat (beat) {
      if (beats.push(beat) > MAX_BEATS) beats.shift()
    },
    status (status) {
      if (status !== 'live' && spans.at(-1)?.name !== undefined) begin(undefined)
    }
  }
}

function css (property) {
  return getComputedStyle(document.documentElement).getPropertyValue(property).trim()
}

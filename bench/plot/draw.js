import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** So that it is legible on a page of GitHub, which shows up to some 830 pixels. */
const WIDTH = 800
const LABEL_WIDTH = 348
const ROW_HEIGHT = 21
const PANEL_TITLE_HEIGHT = 26
const PANEL_GAP = 18
const LEGEND_HEIGHT = 62
const PADDING = 16
const CAPTION_CHARS = 125
const CAPTION_LINE_HEIGHT = 14

const FONT = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif'
const INK = '#1f2328'
const FAINT = '#59636e'
/** On paper of its own, so that it looks the same on dark pages. Told apart by darkness, pattern and bold type, too. */
const PAPER = '#ffffff'
const FILLS = { own: '#0b5cad', base: '#8c959f', other: '#c4ccd4', floor: 'url(#floor)' }

/** Room at the right end of the longest bar, for its number. */
const HEADROOM = 1.12

/**
 * Bars of ratios, a panel for each workload, one below the other, all on one scale.
 *
 * @param {import('./panels.js').Panel[]} panels
 * @param {Array<{ machine: string, versions: string[], date: string }>} conditions Of each file of results.
 * @returns {string} An SVG.
 */
export function draw (panels, conditions) {
  // The floors may be far away. They are cut, and say so.
  const end = Math.max(1, ...panels.flatMap(({ rows }) => rows).filter(({ role }) => role !== 'floor').map(({ ratio, highest }) => highest ?? ratio ?? 0)) * HEADROOM
  let y = PADDING + LEGEND_HEIGHT
  const parts = panels.map(panel => {
    const height = panel.rows.length * ROW_HEIGHT
    const part = text(PADDING, y + 14, panel.title, `font-size="13" font-weight="600" fill="${INK}"`) +
      place(barsOf(panel, end, height), y + PANEL_TITLE_HEIGHT)
    y += PANEL_TITLE_HEIGHT + height + PANEL_GAP
    return part
  })
  const captions = captionOf(conditions).map((line, i) => text(PADDING, y + 10 + i * CAPTION_LINE_HEIGHT, line, `font-size="10.5" fill="${FAINT}"`))
  const height = y + captions.length * CAPTION_LINE_HEIGHT + PADDING
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family='${FONT}'>
<title>CPU time of event streams, compared with hand-written node:http</title>
<defs><pattern id="floor" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="#eef1f4"/><rect width="1.6" height="6" fill="#8c959f"/></pattern></defs>
<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8" fill="${PAPER}" stroke="#d1d9e0"/>
${legend()}
${parts.join('\n')}
${captions.join('\n')}
</svg>
`
}

function legend () {
  const items = [['own', 'this plugin', 0], ['base', 'hand-written node:http', 100], ['other', 'others', 268], ['floor', 'floors: bytes made before', 336]]
  const top = PADDING + 28
  return text(PADDING, PADDING + 12, 'How much more a second of CPU time brings than with hand-written node:http (= 1)', `font-size="15" font-weight="600" fill="${INK}"`) +
    items.map(([role, label, x]) => `<rect x="${PADDING + x}" y="${top}" width="12" height="12" fill="${FILLS[role]}" stroke="${FAINT}" stroke-width="0.5"/>` +
      text(PADDING + x + 17, top + 10, label, `font-size="11.5" fill="${INK}"`)).join('') +
    `<path d="M${PADDING + 516} ${top + 6}h22m-22 -4v8m22 -8v8" stroke="${INK}" fill="none"/>` +
    text(PADDING + 544, top + 10, 'lowest to highest of all rounds', `font-size="11.5" fill="${INK}"`)
}

function barsOf ({ rows }, end, height) {
  const { document } = parseHTML('<html><body></body></html>')
  const shown = rows.map((row, i) => ({ ...row, place: i, from: 0, to: Math.min(row.ratio ?? 0, end) }))
  const measured = shown.filter(({ ratio }) => ratio !== undefined)
  const whole = measured.filter(({ highest }) => highest <= end)
  const y = 'place'
  const ink = { fill: INK, fontSize: 11.5 }
  return Plot.plot({
    document,
    width: WIDTH - 2 * PADDING,
    height,
    marginLeft: LABEL_WIDTH,
    marginRight: 44,
    marginTop: 0,
    marginBottom: 0,
    style: { background: 'none', fontFamily: FONT, overflow: 'visible' },
    x: { domain: [0, end], axis: null },
    y: { domain: shown.map(({ place }) => place), axis: null, padding: 0.25 },
    marks: [
      Plot.barX(measured, { x1: 'from', x2: 'to', y, fill: ({ role }) => FILLS[role], stroke: FAINT, strokeWidth: 0.5 }),
      Plot.ruleX([1], { stroke: INK, strokeDasharray: '3 2' }),
      Plot.ruleY(whole, { x1: 'lowest', x2: 'highest', y, stroke: INK }),
      Plot.tickX(whole.flatMap(row => [row.lowest, row.highest].map(at => ({ ...row, at }))), { x: 'at', y, stroke: INK, insetTop: 4, insetBottom: 4 }),
      Plot.text(shown, { x: 0, y, text: 'title', textAnchor: 'end', dx: -8, ...ink, filter: ({ role }) => role !== 'own' }),
      Plot.text(shown, { x: 0, y, text: 'title', textAnchor: 'end', dx: -8, ...ink, fontWeight: 700, filter: ({ role }) => role === 'own' }),
      Plot.text(shown, { x: ({ to, highest }) => Math.min(end, Math.max(to, highest ?? 0)), y, text: numberOf(end), textAnchor: 'start', dx: 6, stroke: PAPER, strokeWidth: 4, ...ink })
    ]
  }).outerHTML
}

function numberOf (end) {
  return ({ ratio }) => {
    if (ratio === undefined) return 'failed'
    return ratio > end ? `→ ${ratio.toFixed(ratio < 10 ? 1 : 0)}` : ratio.toFixed(2)
  }
}

function place (svg, y) {
  return svg.replace('<svg ', `<svg x="${PADDING}" y="${y}" `)
}

/** What all files say, each thing once, in lines. */
function captionOf (conditions) {
  const machines = unique(conditions.map(({ machine }) => machine.replaceAll('**', '')))
  const dates = unique(conditions.map(({ date }) => date))
  const versions = unique(conditions.flatMap(({ versions }) => versions))
  return [...machines, `${dates.join(', ')}; ${versions.join(', ')}`].flatMap(wrap)
}

function wrap (line) {
  return line.match(new RegExp(`.{1,${CAPTION_CHARS}}(?= |$)`, 'g')).map(each => each.trim())
}

function unique (values) {
  return [...new Set(values)]
}

function text (x, y, value, attributes) {
  return `<text x="${x}" y="${y}" ${attributes}>${value.replace(/[&<>]/g, character => `&#${character.charCodeAt(0)};`)}</text>`
}

// Event data as real streams have it, made anew and always the same: what compresses well or badly is the mix of what repeats
// (field names, templates, ids that begin alike) and of what does not (prices, times, random ids, words).

/** Frames of one stream, as they go out. */
export type Kind = (count: number) => string[]

const START_MS = Date.UTC(2026, 10, 22, 9, 30)

export const kinds: Record<string, Kind> = {
  'market ticks': ticks,
  notifications,
  'LLM tokens': tokens,
  'HTML fragments': fragments
}

/** Quotes of forty instruments that wander, a few of them far more often than others. */
function ticks (count: number): string[] {
  const random = randomFrom(1)
  const symbols = Array.from({ length: 40 }, () => Array.from({ length: 3 + Math.floor(random() * 2) }, () => letter(random)).join('').toUpperCase())
  const prices = symbols.map(() => 5 + random() * 400)
  let timeMs = START_MS
  return Array.from({ length: count }, (_, n) => {
    const i = Math.floor(symbols.length * random() ** 2)
    const price = prices[i] = (prices[i] as number) * (1 + (random() - 0.5) / 500)
    timeMs += Math.floor(random() * 40)
    const data = {
      symbol: symbols[i], bid: cents(price - 0.01), ask: cents(price + 0.01), last: cents(price), size: 100 * (1 + Math.floor(random() * 12)), time: timeMs
    }
    return `id: m8k2qzp1-${n}\nevent: tick\ndata: ${JSON.stringify(data)}\n\n`
  })
}

/** What a team's tool tells its users: few templates, many names, ids without any order. */
function notifications (count: number): string[] {
  const random = randomFrom(2)
  const people = Array.from({ length: 60 }, () => ({ id: hex(random, 24), name: `${capital(word(random))} ${capital(word(random))}` }))
  const templates = ['commented on', 'assigned you to', 'mentioned you in', 'approved', 'closed', 'asked for your review of']
  let timeMs = START_MS
  return Array.from({ length: count }, (_, n) => {
    const { id, name } = pick(random, people)
    const title = sentence(random, 3 + Math.floor(random() * 6))
    timeMs += Math.floor(random() * 90_000)
    const data = {
      id: [8, 4, 4, 4, 12].map(length => hex(random, length)).join('-'),
      type: 'activity',
      actor: { id, name, avatar: `https://cdn.example.com/avatars/${id}/64.webp` },
      text: `${name} ${pick(random, templates)} "${title}"`,
      url: `https://app.example.com/projects/${1 + Math.floor(random() * 9)}/items/${1000 + Math.floor(random() * 9000)}`,
      createdAt: new Date(timeMs).toISOString(),
      read: false
    }
    return `id: m8k2r04c-${n}\nevent: notification\ndata: ${JSON.stringify(data)}\n\n`
  })
}

/** The chunks of a chat completion, a token each: nearly all of it is envelope. */
function tokens (count: number): string[] {
  const random = randomFrom(3)
  const id = `chatcmpl-${hex(random, 29)}`
  const created = START_MS / 1000
  return Array.from({ length: count }, (_, n) => {
    const content = random() < 0.1 ? pick(random, [',', '.', '\n\n', ':']) : ` ${word(random)}`
    const chunk = {
      id, object: 'chat.completion.chunk', created, model: 'large-2026-10', choices: [{ index: 0, delta: n === 0 ? { role: 'assistant', content } : { content }, finish_reason: null }]
    }
    return `data: ${JSON.stringify(chunk)}\n\n`
  })
}

/** Cards that a page swaps in, as a template engine writes them: line by line, with classes on everything. */
function fragments (count: number): string[] {
  const random = randomFrom(4)
  let timeMs = START_MS
  return Array.from({ length: count }, () => {
    const id = 10_000 + Math.floor(random() * 90_000)
    timeMs += Math.floor(random() * 60_000)
    const html = [
      `<article id="item-${id}" class="card card--compact flex gap-4 rounded border p-4" data-status="${pick(random, ['open', 'done', 'late'])}">`,
      '  <header class="card__header flex items-center justify-between">',
      `    <h3 class="card__title text-lg font-semibold"><a href="/items/${id}">${capital(sentence(random, 5))}</a></h3>`,
      `    <time class="text-sm text-gray-500" datetime="${new Date(timeMs).toISOString()}">${new Date(timeMs).toISOString().slice(11, 16)}</time>`,
      '  </header>',
      `  <p class="card__body text-gray-700">${capital(sentence(random, 12 + Math.floor(random() * 20)))}.</p>`,
      '  <footer class="card__footer mt-2 flex gap-2">',
      `    <button class="btn btn--small btn--primary" hx-post="/items/${id}/accept" hx-target="#item-${id}" hx-swap="outerHTML">Accept</button>`,
      `    <button class="btn btn--small" hx-post="/items/${id}/later" hx-target="#item-${id}" hx-swap="outerHTML">Later</button>`,
      '  </footer>',
      '</article>'
    ]
    return `event: item\n${html.map(line => `data: ${line}\n`).join('')}\n`
  })
}

/** Words as seldom as in texts: the n-th is about 1/n as frequent as the first, and later ones are longer. */
function word (random: () => number): string {
  return WORDS[Math.floor(WORDS.length ** random()) - 1] as string
}

function sentence (random: () => number, words: number): string {
  return Array.from({ length: words }, () => word(random)).join(' ')
}

const SYLLABLES = ['an', 'be', 'con', 'da', 'en', 'for', 'ge', 'hal', 'in', 'ka', 'li', 'men', 'no', 'or', 'per', 'qua', 're', 'sta', 'ti', 'un', 'ver', 'wi', 'ya', 'ze']

const WORDS: readonly string[] = makeWords()

function makeWords (): string[] {
  const random = randomFrom(5)
  const words = new Set<string>()
  while (words.size < 4_000) {
    const syllables = 1 + Math.floor(random() * (1 + Math.log10(words.size + 1)))
    words.add(Array.from({ length: syllables }, () => pick(random, SYLLABLES)).join('') + (random() < 0.3 ? letter(random) : ''))
  }
  return [...words]
}

function cents (price: number): number {
  return Math.round(price * 100) / 100
}

function hex (random: () => number, length: number): string {
  return Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('')
}

function letter (random: () => number): string {
  return String.fromCharCode(97 + Math.floor(random() * 26))
}

function capital (text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function pick<T> (random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T
}

/** Numbers from 0 to below 1 that are the same in every run: a linear congruential generator of 32 bits, its upper half twice. */
function randomFrom (seed: number): () => number {
  let state = seed
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 16
  }
  return () => (next() * 65_536 + next()) / 2 ** 32
}

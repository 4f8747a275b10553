/** A price of 100 that moves by more than this comes back. */
const SPREAD = 5
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXY'
const SECTORS = 20

/** A price, and how often it has changed. */
export interface Quote { symbol: string, price: number, update: number }

/** 500 made-up symbols in 20 sectors, whose prices wander. */
export class Market {
  /** Changes so far, of all symbols. */
  updates = 0
  readonly #quotes: Quote[] = Array.from({ length: SECTORS * LETTERS.length }, (_, at) => {
    const sector = Math.floor(at / LETTERS.length)
    return { symbol: `${LETTERS[sector]}${LETTERS[at % LETTERS.length]}`, price: 100, update: 0 }
  })

  readonly #moods: number[] = Array.from({ length: SECTORS }, () => Math.random() * 2 - 1)

  /** Changes this many prices, some of them more than once. */
  move (changes: number): Quote[] {
    this.#moods.forEach((mood, sector) => { this.#moods[sector] = mood * 0.98 + noise() * 0.2 })
    return Array.from({ length: changes }, () => this.#change(Math.floor(Math.random() * this.#quotes.length)))
  }

  #change (at: number): Quote {
    const quote = this.#quotes[at] as Quote
    const mood = this.#moods[Math.floor(at / LETTERS.length)] as number
    const pull = (100 + mood * SPREAD / 2 - quote.price) / SPREAD
    quote.price = Math.round((quote.price + pull * 0.4 + noise() * 0.8) * 100) / 100
    quote.update++
    this.updates++
    return { ...quote }
  }
}

/** Between -1 and 1, and rather in the middle. */
function noise (): number {
  return Math.random() + Math.random() - 1
}

/** What has come in so far, and a way to wait for more. */
export class Inbox<Item> {
  readonly items: Item[] = []
  readonly #waiting = new Set<() => void>()

  push (item: Item): void {
    this.items.push(item)
    for (const check of [...this.#waiting]) check()
  }

  /** Resolves once the condition holds, which is looked at whenever something comes in. */
  async until (condition: (items: readonly Item[]) => boolean): Promise<void> {
    await new Promise<void>(resolve => {
      const check = (): void => {
        if (!condition(this.items)) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }
}

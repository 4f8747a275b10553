/** What waits for a subscriber: a message, or word that some are gone. */
export interface Item {
  /** Characters of its frame. */
  readonly size: number
  /** What a newer one with the same key replaces; a value of its own where nothing does. */
  readonly key: unknown
  /** The offset up to which a subscriber has everything once it has got this; undefined where others have to follow first. */
  readonly offset: number | undefined
}

import type { KeyObject } from 'node:crypto'
import type { Position } from '../../types/broker.js'
import type { Frames } from '../stream/frame-source.js'
import type { Batch } from './batch.js'
import { IdSigner, SIGNATURE_LENGTH } from './id-signer.js'
import type { Found, Ids } from './ids.js'
import type { Message } from './message.js'
import { formatId, isSameLife, MAX_ID_LENGTH, placesIn, signedId } from './position.js'
import { RecentTexts } from './recent-texts.js'

/** Signatures that a channel remembers, twice this at most, of some 150 bytes: those of one tick, and of a page of history, in several scopes. */
const MAX_REMEMBERED = 4_096

/** What the signed ids of one channel are made of. */
interface Signing {
  readonly channel: string
  /** The first signs, all of them verify. */
  readonly secrets: readonly [KeyObject, ...KeyObject[]]
}

/** The ids of a channel that signs them: in each scope they are others. */
export class SignedIds {
  readonly #signing: Signing
  readonly #recent = new RecentTexts(MAX_REMEMBERED)
  /** Those that somebody uses. */
  readonly #held = new Map<string, ScopedIds>()

  constructor (signing: Signing) {
    this.#signing = signing
  }

  /** Scopes that have subscribers. */
  get size (): number {
    return this.#held.size
  }

  in (scope: string): Ids {
    const { secrets, channel } = this.#signing
    return this.#held.get(scope) ?? new ScopedIds(scope, new IdSigner(secrets, channel, scope), this.#recent, this.#held)
  }
}

/** The ids of one scope. An event is signed, and its frame encoded, once for all of its subscribers. */
class ScopedIds implements Ids {
  readonly maxLength = MAX_ID_LENGTH + '.'.length + SIGNATURE_LENGTH
  readonly #scope: string
  readonly #signer: IdSigner
  readonly #recent: RecentTexts
  readonly #held: Map<string, ScopedIds>
  #holders = 0
  #batch: Batch | undefined
  #frames: Frames | undefined

  constructor (scope: string, signer: IdSigner, recent: RecentTexts, held: Map<string, ScopedIds>) {
    this.#scope = scope
    this.#signer = signer
    this.#recent = recent
    this.#held = held
  }

  of ({ id }: Message): string | undefined {
    return id === undefined ? undefined : this.#sign(id)
  }

  /** The last one is kept: subscribers are served batch by batch, those of one scope among the others. */
  framesOf (batch: Batch): Frames {
    if (this.#frames === undefined || this.#batch !== batch) {
      this.#frames = batch.framesWith(message => this.of(message))
      this.#batch = batch
    }
    return this.#frames
  }

  format (position: Position): string {
    return this.#sign(formatId([position]))
  }

  read (id: string, epoch: string): Found {
    let isOwn = false
    for (const { position, text, signature } of placesIn(id)) {
      if (signature === undefined || !this.#signer.verify(text, signature)) continue
      if (isSameLife(position.epoch, epoch)) return { position, isOwn: true }
      isOwn = true // given by this channel, in another life of its log
    }
    return { position: undefined, isOwn }
  }

  hold (): Ids {
    const ids = this.#held.get(this.#scope) ?? this
    this.#held.set(this.#scope, ids)
    ids.#holders++
    return ids
  }

  release (): void {
    if (--this.#holders === 0) this.#held.delete(this.#scope)
  }

  #sign (place: string): string {
    return this.#recent.get(`${place} ${this.#scope}`, () => signedId(place, this.#signer.sign(place)))
  }
}

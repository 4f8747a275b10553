import type { MsgHdrs } from '@nats-io/nats-core'
import type { Position } from '../../../types/broker.js'
import { onlyOnce } from './once.js'
import { encodeLoss } from './payload.js'
import { fromEpoch, toEpoch } from './term.js'
import { Away, Lost, Refusal } from './trouble.js'
import type { Witness } from './witness.js'

/** A message that says that something is missing right before it. */
export interface Loss {
  readonly term: string
  readonly seq: number
}

/** What is asked of a stream. */
export interface Suspect {
  readonly witness: Witness
  /** The term of what is stored now. */
  readonly term: string
  readonly termAt: (seq: number) => Promise<string | undefined>
  readonly lastLoss: () => Promise<Loss | undefined>
  readonly store: (subject: string, payload: Uint8Array, headers: MsgHdrs) => Promise<{ seq: number }>
}

/**
 * Asks whether what this process knows to be stored is still there, and leaves a word where it is not: the server, which
 * has come back with an older disk, does not know of it, nor do those who had not got what is gone. Whoever reads across
 * this word, from a place before it, is told that something is lost.
 *
 * Where that is not known in time, it stays in doubt: nobody has to wait for it.
 *
 * @param last The last number of the stream.
 */
export async function tellLoss (stream: Suspect, life: string, last: number): Promise<void> {
  const { witness } = stream
  try {
    if (witness.doubted !== undefined) await settle(stream, life, last, witness.doubted)
  } catch (error) {
    if (error instanceof Refusal) witness.trust() // it may not be asked or told
    else if (!(error instanceof Away) || error instanceof Lost) throw error
  }
}

async function settle (stream: Suspect, life: string, last: number, doubted: Position): Promise<void> {
  const { witness } = stream
  const { life: known, term } = fromEpoch(doubted.epoch)
  // What is stored through the same process, or through a cluster, is there.
  const isGone = known === life && term !== stream.term && (last < doubted.offset || await isAnother(stream, doubted.offset, term))
  if (!isGone) {
    witness.trust()
    return
  }
  const loss = await leaveWord(stream)
  witness.replace({ epoch: toEpoch(life, loss.term), offset: loss.seq })
}

/** Whether the number was given again. What is not there while later messages are was dropped, replaced or deleted. */
async function isAnother (stream: Suspect, seq: number, term: string): Promise<boolean> {
  const found = seq === 0 ? undefined : await stream.termAt(seq)
  return found !== undefined && found !== term
}

/** Whatever a process of the server lacks, it lacks from its start on: one word is enough, whoever leaves it. */
async function leaveWord (stream: Suspect): Promise<Loss> {
  const loss = await stream.lastLoss()
  const { term } = stream
  if (loss?.term === term) return loss
  const { seq } = await stream.store('lost', encodeLoss(term), onlyOnce(`lost-${term}`))
  return { term, seq }
}

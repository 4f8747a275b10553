import type { Position } from '../../../types/broker.js'
import { onlyOnce } from './once.js'
import { encodeLoss } from './payload.js'
import type { PubAck } from './places.js'
import type { Stream } from './stream.js'
import { fromEpoch, toEpoch } from './term.js'
import { Away, Lost, Refusal } from './trouble.js'

/** A message that says that something is missing right before it. */
export interface Loss {
  readonly term: string
  readonly seq: number
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
export async function tellLoss (stream: Stream, life: string, last: number): Promise<void> {
  const { witness } = stream
  try {
    if (witness.doubted !== undefined) await settle(stream, life, last, witness.doubted)
  } catch (error) {
    if (error instanceof Refusal) witness.trust() // it may not be asked or told
    else if (!(error instanceof Away) || error instanceof Lost) throw error
  }
}

async function settle (stream: Stream, life: string, last: number, doubted: Position): Promise<void> {
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
async function isAnother (stream: Stream, seq: number, term: string): Promise<boolean> {
  const found = seq === 0 ? undefined : await stream.find({ seq })
  return found?.term !== undefined && found.term !== term
}

/** Whatever a process of the server lacks, it lacks from its start on: one word is enough, whoever leaves it. */
async function leaveWord (stream: Stream): Promise<Loss> {
  const loss = await stream.lastLoss()
  const { term } = stream
  if (loss?.term === term) return loss
  const { seq } = await stream.store('lost', encodeLoss(term), onlyOnce(`lost-${term}`)) as PubAck
  return { term, seq }
}

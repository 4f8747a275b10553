import type { Position } from '../../types/broker.js'

/** A place in the log of a channel. */
export type Place = Position

/** What an id says: these streams read one channel each. */
export function placeOf (id: string): Place {
  const dot = id.lastIndexOf('.')
  const offset = Number(id.slice(dot + 1))
  if (dot < 1 || !Number.isSafeInteger(offset)) throw new Error(`'${id}' is no place in one log`)
  return { epoch: id.slice(0, dot), offset }
}

/** What all epochs of one life of a log have in common. */
export function lifeOf (epoch: string): string {
  return epoch.split('_', 1)[0] as string
}

export function show ({ epoch, offset }: Place): string {
  return `${epoch}.${offset}`
}

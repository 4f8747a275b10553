import { Type } from '@sinclair/typebox'
import { eventStream } from '../../lib/index.js'

/** A stream of numbers, for tests that are not about schemas. */
export const ticks = eventStream({ tick: Type.Object({ n: Type.Integer() }) })

export const { tick } = ticks.event

/** The same, complete with its `done`. */
export const job = eventStream({ tick: Type.Object({ n: Type.Integer() }), done: Type.Null() }, { final: ['done'] })

/** Counts from 1. */
export async function * count (to: number) {
  for (let n = 1; n <= to; n++) yield tick({ n })
}

/** The bytes of a whole body that counts from 1. */
export function counted (to: number): string {
  return `retry: 2000\n${Array.from({ length: to }, (_, i) => `event: tick\ndata: {"n":${i + 1}}\n\n`).join('')}`
}

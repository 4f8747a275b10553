import { Kind, TransformKind } from '@sinclair/typebox'
import type { Convert } from './alternatives.js'

/** What a Transform does, which `typebox` 1.x calls a Codec. */
export interface Conversions {
  Encode: Convert
  Decode: Convert
}

/** A condition that a JSON Schema can't say: `Type.Refine()` of `typebox` 1.x. */
export type Refinement = (value: unknown) => boolean

/** Schemas of `@sinclair/typebox` 0.34 are marked by symbols, those of `typebox` 1.x by names that JSON does not see. */
interface Marks {
  [Kind]?: string
  [TransformKind]?: Conversions
  '~kind'?: string
  '~unsafe'?: unknown
  '~codec'?: { encode: Convert, decode: Convert }
  '~refine'?: Array<{ check: Refinement }>
}

/** TypeBox's own name for the kind of a schema, if TypeBox has made it. */
export function typeBoxKind (schema: object): string | undefined {
  const { [Kind]: kind, '~kind': kindIn1 = '~unsafe' in schema ? 'Unsafe' : undefined } = schema as Marks
  return kind ?? kindIn1
}

export function transformOf (schema: object): Conversions | undefined {
  const { [TransformKind]: transform, '~codec': codec } = schema as Marks
  return codec === undefined ? transform : { Encode: codec.encode, Decode: codec.decode }
}

export function refinementsOf (schema: object): Refinement[] | undefined {
  return (schema as Marks)['~refine']?.map(({ check }) => check)
}

/** What the library that made this schema calls a Transform. */
export function transformName (schema: object): string {
  return '~kind' in schema ? 'Type.Codec' : 'Type.Transform'
}

/** A schema of `typebox` 1.x, by what tells it from others: its own type `TSchema` is that of any object. */
export type TSchema1 = { '~kind': string } | { '~unsafe': unknown }

// The package need not be installed. These comments stay in the emitted types, where they keep the compiler from complaining
// about it: where it is not installed, there is no such schema either.

/** @ts-ignore */
export type StaticOf1<Schema> = import('typebox', { with: { 'resolution-mode': 'import' } }).Static<Schema>

/** @ts-ignore */
export type StaticDecodeOf1<Schema> = import('typebox', { with: { 'resolution-mode': 'import' } }).StaticDecode<Schema>

/** What JSON has. */
type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json }

/** What is left of a value's type by JSON: `toJSON()` is called, and what JSON does not have can't be sent at all. */
export type JsonOf<Value> = unknown extends Value
  ? Value
  : [Value] extends [Json] // of a recursive type, each part would be its parts again, without end
      ? Value
      : Value extends { toJSON: (...parameters: never) => infer Returned }
        ? JsonOf<Returned>
        : Value extends bigint | symbol | ((...parameters: never) => unknown)
          ? never
          : Value extends Json
            ? Value
            : { [Key in keyof Value]: JsonOf<Value[Key]> }

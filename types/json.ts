/** What is left of a value's type by JSON: `toJSON()` is called, and what JSON does not have can't be sent at all. */
export type JsonOf<Value> = unknown extends Value
  ? Value
  : Value extends string | number | boolean | null | undefined
    ? Value
    : Value extends { toJSON: () => infer Json }
      ? JsonOf<Json>
      : Value extends bigint | symbol | ((...parameters: never) => unknown)
        ? never
        : { [Key in keyof Value]: JsonOf<Value[Key]> }

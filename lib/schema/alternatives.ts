/** Encodes or decodes one value. */
export type Convert = (value: unknown) => unknown

/** One schema of a union. */
export interface Alternative {
  readonly fits: (value: unknown) => boolean
  readonly convert: Convert
}

/**
 * Takes the first alternative that the encoded value satisfies. Those that the value satisfies as it is come first:
 * an Encode that takes anything, such as `String`, should not take what another alternative means.
 */
export function encodeFirst (alternatives: Alternative[]): Convert {
  return value => {
    let failure: unknown
    for (const { fits, convert } of [...alternatives.filter(({ fits }) => fits(value)), ...alternatives]) {
      try {
        const encoded = convert(value)
        if (fits(encoded)) return encoded
      } catch (error) {
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
    return value
  }
}

/** Takes the first alternative that the value satisfies as it was written. */
export function decodeFirst (alternatives: Alternative[]): Convert {
  return value => {
    const fitting = alternatives.find(({ fits }) => fits(value))
    return fitting === undefined ? value : fitting.convert(value)
  }
}

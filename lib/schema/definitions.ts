import type { Schema } from './json-schema.js'
import { describePlace, type Place } from './reference.js'

/** The schemas that one document without $ids refers to: each place once, also where it refers to itself. */
export class Definitions {
  readonly schemas: Record<string, Schema> = {}
  readonly #references = new Map([['#', '#']])
  readonly #copy: (place: Place) => Schema

  constructor (copy: (place: Place) => Schema) {
    this.#copy = copy
  }

  /** The `$ref` of a place, which is copied when it is met for the first time. */
  refer (place: Place): string {
    const known = this.#references.get(describePlace(place))
    if (known !== undefined) return known
    const name = String(this.#references.size)
    const reference = `#/definitions/${name}`
    this.#references.set(describePlace(place), reference) // before its schema is copied, which may be recursive
    this.schemas[name] = this.#copy(place)
    return reference
  }
}

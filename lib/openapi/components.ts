import type { Schema, SchemaObject } from '../schema/json-schema.js'
import type { Place } from '../schema/reference.js'

/**
 * The $ids that one document's components get. A document has one set of names, but schemas of different routes may have
 * the same $id and differ, as the parts of two `Type.Module`s do: swagger would take the first for all.
 */
export class Components {
  readonly #names = new Map<string, string>()
  readonly #taken = new Set<string>()
  readonly #collect: () => ReadonlyMap<string, ReadonlySet<string>>
  #elsewhere: ReadonlyMap<string, ReadonlySet<string>> | undefined

  /** @param elsewhere Finds what else in the document has an $id, see {@link inlineIds}; asked with the first name. */
  constructor (elsewhere: () => ReadonlyMap<string, ReadonlySet<string>>) {
    this.#collect = elsewhere
  }

  /**
   * The name of a schema: the same for the same schema, wherever it stands.
   *
   * @param wanted The name it has where it is declared.
   * @param shared Schemas of `app.addSchema`, whose names are taken.
   */
  name (place: Place, wanted: string, shared: Record<string, unknown>): string {
    const key = identify(place, wanted)
    const known = this.#names.get(key)
    if (known !== undefined) return known
    let name = wanted
    for (let n = 2; this.#taken.has(name) || Object.hasOwn(shared, name) || this.#meansAnother(name, place); n++) name = `${wanted}-${n}`
    this.#taken.add(name)
    this.#names.set(key, name)
    return name
  }

  /** Whether another route has a schema of this name that is not the same. */
  #meansAnother (name: string, { schema }: Place): boolean {
    const texts = (this.#elsewhere ??= this.#collect()).get(name)
    if (texts === undefined) return false
    const text = JSON.stringify(schema)
    return texts.size > 1 || !texts.has(text) || refersBeyond(schema, text)
  }
}

/** What a schema says, with what surrounds it if it refers to that. */
function identify ({ schema, resource }: Place, wanted: string): string {
  const text = JSON.stringify(schema)
  return JSON.stringify([wanted, text, ...refersBeyond(schema, text) ? [resource.name, resource.root.schema] : []])
}

function refersBeyond (schema: Schema, text: string): boolean {
  const itself = `"$ref":${JSON.stringify((schema as SchemaObject)['$id'])}`
  return text.replaceAll(itself, '').includes('"$ref":')
}

import type { SchemaObject } from '../schema/json-schema.js'
import type { Place } from '../schema/reference.js'

/**
 * The $ids that one document's components get. A document has one set of names, but schemas of different streams may have
 * the same $id and differ, as the parts of two `Type.Module`s do: swagger would take the first for all.
 */
export class Components {
  readonly #names = new Map<string, string>()
  readonly #taken = new Set<string>()

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
    for (let n = 2; this.#taken.has(name) || Object.hasOwn(shared, name); n++) name = `${wanted}-${n}`
    this.#taken.add(name)
    this.#names.set(key, name)
    return name
  }
}

/** What a schema says, with what surrounds it if it refers to that. */
function identify ({ schema, resource }: Place, wanted: string): string {
  const text = JSON.stringify(schema)
  const itself = `"$ref":${JSON.stringify((schema as SchemaObject)['$id'])}`
  const refersBeyond = text.replaceAll(itself, '').includes('"$ref":')
  return JSON.stringify([wanted, text, ...refersBeyond ? [resource.name, resource.root.schema] : []])
}

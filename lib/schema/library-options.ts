/** A library's JSON Schema has this where it means what JSON does not have; its value is the library's own name for that. */
export const FOREIGN_KEYWORD = 'x-foreign'

/** What no serializer should turn into something else in silence. */
const FOREIGN = new Set<unknown>([
  'bigint', 'blob', 'date', 'Date', 'file', 'function', 'map', 'Map', 'nan', 'promise', 'set', 'Set', 'symbol', 'void'
])

/** Valibot's transformations after which a value is still of the type that it was. */
const KEEPING = new Set([
  'brand', 'flavor', 'normalize', 'readonly', 'to_lower_case', 'to_max_value', 'to_min_value', 'to_upper_case', 'trim', 'trim_end', 'trim_start'
])

interface Zod { zodSchema: { _zod: { def: { type: string } } }, jsonSchema: object }
interface Valibot { valibotSchema: { type: string } }
interface ValibotAction { valibotAction: { kind: string, type: string } }
interface Ark { base: object, domain: string, proto: { name: string } }

/**
 * What libraries take as `libraryOptions` of the Standard JSON Schema, by vendor. For the sake of a transform deep inside,
 * Zod and Valibot would give up on a whole schema. ArkType leaves just that part open, and with these so do they.
 */
export const LIBRARY_OPTIONS: Record<string, Record<string, unknown>> = {
  zod: {
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }: Zod) => { Object.assign(jsonSchema, mark(zodSchema._zod.def.type)) }
  },
  valibot: {
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema }: Valibot) => mark(valibotSchema.type),
    overrideAction: ({ valibotAction: { kind, type } }: ValibotAction) => kind === 'transformation' && !KEEPING.has(type) ? {} : undefined
  },
  arktype: {
    fallback: {
      domain: ({ base, domain }: Ark) => ({ ...base, ...mark(domain) }),
      proto: ({ base, proto }: Ark) => ({ ...base, ...mark(proto.name) }),
      date: ({ base }: Ark) => ({ ...base, ...mark('Date') })
    }
  }
}

function mark (kind: string): object | undefined {
  return FOREIGN.has(kind) ? { [FOREIGN_KEYWORD]: kind } : undefined
}

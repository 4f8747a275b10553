/** A library's JSON Schema has this where it means what JSON does not have; its value is the library's own name for that. */
export const FOREIGN_KEYWORD = 'x-foreign'

/** Stands where a value may be undefined; see withoutUndefined. */
export const UNDEFINED_KEYWORD = 'x-undefined'

/** Stands where a library knows more than its JSON Schema can say; see outputSchema. */
export const UNTOLD_KEYWORD = 'x-untold'

/** Libraries whose own check drops what their schema does not declare, whether they give a JSON Schema or not. */
export const DROPPING: ReadonlySet<string> = new Set(['valibot', 'zod'])

/** What no serializer should turn into something else in silence. */
const FOREIGN = new Set<unknown>([
  'bigint', 'blob', 'date', 'Date', 'file', 'function', 'map', 'Map', 'nan', 'promise', 'set', 'Set', 'symbol', 'void'
])

/** Valibot's transformations after which a value is still of the type that it was. */
const KEEPING = new Set([
  'brand', 'flavor', 'normalize', 'readonly', 'to_lower_case', 'to_max_value', 'to_min_value', 'to_upper_case', 'trim', 'trim_end', 'trim_start'
])

interface Zod { zodSchema: { _zod: { def: { type: string } } }, jsonSchema: object }
interface Valibot { valibotSchema: { type: string }, jsonSchema: object }
interface ValibotAction { valibotAction: { kind: string, type: string } }
interface Ark { base: { items?: unknown }, domain: string, proto: { name: string }, unit: unknown }

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
    overrideSchema: ({ valibotSchema: { type }, jsonSchema }: Valibot) => overrideValibot(type, jsonSchema),
    overrideAction: ({ valibotAction: { kind, type } }: ValibotAction) => kind === 'transformation' && !KEEPING.has(type) ? {} : undefined
  },
  arktype: {
    fallback: {
      // Earlier versions than 2.2 throw for these, of which the rest says enough.
      arrayObject: keepBase,
      patternIntersection: keepBase,
      predicate: keepBase,
      symbolKey: keepBase,
      domain: ({ base, domain }: Ark) => ({ ...base, ...mark(domain) }),
      arrayPostfix: ({ base: { items, ...base } }: Ark) => ({ ...base, [UNTOLD_KEYWORD]: 'an array whose rest is not last' }),
      unit: ({ base, unit }: Ark) => ({ ...base, ...mark(typeof unit) }),
      proto: ({ base, proto }: Ark) => ({ ...base, ...mark(proto.name) }),
      date: ({ base }: Ark) => ({ ...base, ...mark('Date') })
    }
  }
}

function keepBase ({ base }: Ark): object {
  return base
}

/** Valibot's JSON Schema does not tell an open object from another. */
function overrideValibot (type: string, jsonSchema: object): object | undefined {
  if (type === 'loose_object') return { ...jsonSchema, additionalProperties: {} }
  return type === 'undefinedable' ? { ...jsonSchema, ...mark('undefined') } : mark(type)
}

function mark (kind: string): object | undefined {
  if (kind === 'undefined') return { [UNDEFINED_KEYWORD]: true }
  return FOREIGN.has(kind) ? { [FOREIGN_KEYWORD]: kind } : undefined
}

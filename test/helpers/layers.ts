import { importsOf, type Import, type Sources } from './imports.js'

export interface Rules {
  /** Files, and folders with a slash at the end, from the top down. */
  readonly layers: readonly string[]
  /** Packages that only these files may import. */
  readonly reserved: Readonly<Record<string, readonly string[]>>
}

/**
 * What is wrong with the imports of lib/ and types/, one sentence each. A module of lib/ may import what is in a lower
 * layer or in its own folder, without cycles. The modules of types/ may be imported from anywhere, and may import
 * anything: both for their types alone.
 */
export function checkLayers (sources: Sources, rules: Rules): string[] {
  const modules = [...sources.keys()].map(path => ({ path, imports: importsOf(path, sources) }))
  return [
    ...modules.flatMap(({ path, imports }) => [
      ...(path.startsWith('types/') || layerOf(path, rules) !== -1 ? [] : [`${path} is in no layer; list it, or its folder`]),
      ...imports.flatMap(found => problemOf(path, found, sources, rules) ?? [])
    ]),
    ...cycles(new Map(modules
      .filter(({ path }) => path.startsWith('lib/'))
      .map(({ path, imports }) => [path, imports.filter(found => found.inside).map(found => found.target)])))
  ]
}

function problemOf (path: string, { target, inside, typeOnly }: Import, sources: Sources, rules: Rules): string | undefined {
  if (!inside) {
    const allowed = rules.reserved[target]
    return allowed === undefined || allowed.includes(path) ? undefined : `${path} imports ${target}, which is left to ${allowed.join(' and ')}`
  }
  if (!sources.has(target)) return `${path} imports ${target}, which is not a module of lib/ or types/`
  if (target.startsWith('types/') || path.startsWith('types/')) {
    return typeOnly ? undefined : `${path} imports ${target} at run time; use import type`
  }
  const from = layerOf(path, rules)
  const to = layerOf(target, rules)
  if (from === -1 || to === -1) return undefined // said once, by checkLayers
  return from <= to ? undefined : `${path} imports ${target}, which is in a layer above`
}

function layerOf (path: string, { layers }: Rules): number {
  return layers.findIndex(layer => layer.endsWith('/') ? path.startsWith(layer) : path === layer)
}

/** One sentence for each import that closes a circle, by a search in depth. */
function cycles (graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start !== -1) found.push(`${[...trail.slice(start), path].join(' imports ')}: a cycle`)
    if (start !== -1 || done.has(path)) return
    for (const target of graph.get(path) ?? []) walk(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
  return found
}

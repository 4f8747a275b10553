/** Their constructor says too little: whose they are tells them apart. */
const ANYBODYS = new Set(['Object', 'Array', 'Map', 'Set', 'Function', 'Promise', 'Generator', 'system / Context', 'Uint8Array', ''])

/** So many holders are named, until there is one of a class. */
const MAX_DEPTH = 4

/**
 * Counts the objects of a heap snapshot, and their own bytes, by kind. What has a class of its own is of that kind;
 * arrays, contexts, plain objects and the like are told apart by who holds them and under which name.
 *
 * @param {object} snapshot As parsed from JSON: https://developer.chrome.com/docs/devtools/memory-problems/heap-snapshots
 * @param {object} how
 * @param {boolean} how.owners Tell objects with a class apart in the same way.
 * @returns {Map<string, { count: number, bytes: number }>}
 */
export function kindsOf ({ snapshot: { meta }, nodes, edges, strings }, { owners }) {
  const width = meta.node_fields.length
  const field = Object.fromEntries(meta.node_fields.map((name, i) => [name, i]))
  const types = meta.node_types[field.type]
  const edgeWidth = meta.edge_fields.length
  const edgeTypes = meta.edge_types[0]
  const holders = new Uint32Array(nodes.length / width)
  const holds = new Uint32Array(nodes.length / width)
  findHolders()

  const kinds = new Map()
  for (let node = 0; node < nodes.length; node += width) {
    const kind = kindOf(node)
    let sum = kinds.get(kind)
    if (sum === undefined) kinds.set(kind, sum = { count: 0, bytes: 0 })
    sum.count++
    sum.bytes += nodes[node + field.self_size]
  }
  return kinds

  /** The first strong edge to each node, of one that is no root. 0, which is the root of all, stands for none. */
  function findHolders () {
    let edge = 0
    for (let node = 0; node < nodes.length; node += width) {
      const isRoot = types[nodes[node + field.type]] === 'synthetic'
      for (let left = nodes[node + field.edge_count]; left > 0; left--, edge += edgeWidth) {
        const type = edgeTypes[edges[edge]]
        const to = edges[edge + 2] / width
        if (isRoot || type === 'weak' || holders[to] !== 0 || (type === 'property' && strings[edges[edge + 1]] === '__proto__')) continue
        holders[to] = node
        holds[to] = edge
      }
    }
  }

  function kindOf (node) {
    let kind = nameOf(node)
    let isNamed = isOfClass(node) && !owners
    for (let depth = 0; !isNamed && depth < MAX_DEPTH && holders[node / width] !== 0; depth++) {
      const edge = holds[node / width]
      node = holders[node / width]
      kind += ` ← ${nameOf(node)}${edgeName(edge)}`
      isNamed = isOfClass(node)
    }
    return kind
  }

  function isOfClass (node) {
    const name = strings[nodes[node + field.name]]
    const type = types[nodes[node + field.type]]
    return (type === 'object' && !ANYBODYS.has(name)) || (type === 'closure' && name !== '')
  }

  function nameOf (node) {
    const type = types[nodes[node + field.type]]
    const name = strings[nodes[node + field.name]]
    if (type === 'object' || type === 'native') return name.slice(0, 60)
    // Strings and numbers have their value as their name.
    return type === 'closure' ? `${name}()` : ['string', 'number', 'concatenated string', 'sliced string'].includes(type) ? `(${type})` : `(${type}) ${name}`.slice(0, 60)
  }

  function edgeName (edge) {
    const type = edgeTypes[edges[edge]]
    return type === 'element' || type === 'hidden' ? '[]' : `.${strings[edges[edge + 1]]}`
  }
}

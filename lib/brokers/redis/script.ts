import { createHash } from 'node:crypto'

/** A Lua script, and the name under which a server knows it. */
export interface Script {
  readonly source: string
  readonly sha: string
}

export function script (source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

import { readFileSync } from 'node:fs'

/** A certificate for localhost and 127.0.0.1 that its own key has signed, good from 2020 to 2120. For tests alone. */
export const certificate = { key: read('localhost-key.pem'), cert: read('localhost-cert.pem') }

function read (name: string): Buffer {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
}

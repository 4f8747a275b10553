/** The kinds of documents that differ in how a stream is written. Swagger 2.0 can say little of it. */
export type Form = '2.0' | '3.0' | '3.1' | '3.2'

/** The form for a document of this version. A version yet to come is taken for the newest that is known. */
export function formOf (version: string): Form {
  if (version.startsWith('2.')) return '2.0'
  if (version.startsWith('3.0')) return '3.0'
  return version.startsWith('3.1') ? '3.1' : '3.2'
}

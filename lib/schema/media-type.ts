/** The types of JSON are written by https://mimesniff.spec.whatwg.org/#json-mime-type */
const JSON_TYPE = /^\s*(?:(?:application|text)\/json|[^;\s]*\+json)\s*(?:;|$)/i

/** Whether a schema's `contentMediaType` says that its strings are written as they are, and not as JSON. */
export function isRawText (contentMediaType: unknown): boolean {
  return typeof contentMediaType === 'string' && !JSON_TYPE.test(contentMediaType)
}

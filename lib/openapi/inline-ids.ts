/**
 * The schemas that have an $id, by that, each as its text. Swagger takes for one whatever object has an $id, and makes a
 * component of the first of each name.
 *
 * @param declared What routes declare, and what is shared by `app.addSchema`.
 */
export function inlineIds (declared: readonly unknown[]): Map<string, Set<string>> {
  const texts = new Map<string, Set<string>>()
  const seen = new Set<object>()
  declared.forEach(collect)
  return texts

  function collect (value: unknown): void {
    // Schemas of libraries become JSON Schema elsewhere, and may hold anything.
    if (typeof value !== 'object' || value === null || '~standard' in value || seen.has(value)) return
    seen.add(value)
    if ('$id' in value && typeof value.$id === 'string') {
      const id = value.$id.replace(/#$/, '')
      texts.set(id, (texts.get(id) ?? new Set()).add(JSON.stringify(value)))
    }
    Object.values(value).forEach(collect)
  }
}

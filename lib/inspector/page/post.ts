/** What the server has answered. */
export interface Answer {
  readonly isOk: boolean
  readonly body: { readonly id?: string, readonly code?: string, readonly message?: string }
}

/** Asks the server to do something. */
export async function post (path: string, body: object): Promise<Answer> {
  try {
    const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    const text = await response.text()
    return { isOk: response.ok, body: text === '' ? {} : JSON.parse(text) as Answer['body'] }
  } catch (error) {
    return { isOk: false, body: { message: (error as Error).message } }
  }
}

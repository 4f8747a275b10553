/** An event as it came. */
export interface ReadEvent { readonly event: string, readonly data: string, readonly id: string | undefined }

export interface ReaderListener {
  onStatus: (status: number) => void
  onEvent: (event: ReadEvent) => void
  onRetry: (retryMs: number) => void
  /** The last chunk is there: the stream has ended well. */
  onComplete: () => void
}

/** Reads the response to one request from a socket's text in latin1: head, chunks, lines, events, as cheaply as it goes. */
export class Reader {
  readonly #listener: ReaderListener
  /** What has come and could not be read yet. */
  #text = ''
  #at: 'head' | 'body' | 'size' | 'chunk' | 'end' = 'head'
  /** Bytes that are missing of a chunk. */
  #left = 0
  /** The beginning of a line. */
  #line = ''
  #event = 'message'
  #data: string | undefined
  #id: string | undefined

  constructor (listener: ReaderListener) {
    this.#listener = listener
  }

  push (text: string): void {
    this.#text += text
    while (this.#step());
  }

  /** @returns Whether there may be more to read. */
  #step (): boolean {
    switch (this.#at) {
      case 'head': return this.#readHead()
      case 'body': return this.#readBody()
      case 'size': return this.#readSize()
      case 'chunk': return this.#readChunk()
      case 'end': return false
    }
  }

  #readHead (): boolean {
    const end = this.#text.indexOf('\r\n\r\n')
    if (end === -1) return false
    this.#listener.onStatus(Number(this.#text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)))
    const head = this.#text.slice(0, end + 2)
    this.#text = this.#text.slice(end + 4)
    const [, length] = /\r\ncontent-length: (\d+)\r\n/i.exec(head) ?? []
    if (length === undefined && !/\r\ntransfer-encoding: chunked\r\n/i.test(head)) throw new Error(`nothing says where this ends: ${head}`)
    this.#at = length === undefined ? 'size' : 'body'
    this.#left = Number(length ?? 0)
    return true
  }

  /** One that was complete when it was sent: of who is sent away. */
  #readBody (): boolean {
    if (this.#text.length < this.#left) return false
    this.#lines(this.#text.slice(0, this.#left))
    this.#at = 'end'
    this.#listener.onComplete()
    return false
  }

  #readSize (): boolean {
    const end = this.#text.indexOf('\r\n')
    if (end === -1) return false
    const size = this.#text.slice(0, end)
    if (!/^[\da-f]+$/i.test(size)) throw new Error(`'${size.slice(0, 50)}' is not the size of a chunk`)
    this.#left = Number.parseInt(size, 16)
    this.#text = this.#text.slice(end + 2)
    this.#at = this.#left === 0 ? 'end' : 'chunk'
    if (this.#left === 0) this.#listener.onComplete()
    return true
  }

  #readChunk (): boolean {
    if (this.#left > 0) {
      const part = this.#text.slice(0, this.#left)
      this.#left -= part.length
      this.#text = this.#text.slice(part.length)
      this.#lines(part)
    }
    if (this.#left > 0 || this.#text.length < 2) return false
    if (!this.#text.startsWith('\r\n')) throw new Error(`a chunk goes on with '${this.#text.slice(0, 50)}'`)
    this.#text = this.#text.slice(2)
    this.#at = 'size'
    return true
  }

  #lines (part: string): void {
    const all = this.#line + part
    let from = 0
    for (let to = all.indexOf('\n'); to !== -1; to = all.indexOf('\n', from)) {
      this.#take(all.slice(from, to))
      from = to + 1
    }
    this.#line = all.slice(from)
  }

  #take (line: string): void {
    if (line.startsWith('data: ')) this.#data = line.slice('data: '.length) // JSON has one line
    else if (line.startsWith('id: ')) this.#id = line.slice('id: '.length)
    else if (line.startsWith('event: ')) this.#event = line.slice('event: '.length)
    else if (line.startsWith('retry: ')) this.#listener.onRetry(Number(line.slice('retry: '.length)))
    else if (line === '' && this.#data !== undefined) {
      this.#listener.onEvent({ event: this.#event, data: this.#data, id: this.#id })
      this.#event = 'message'
      this.#data = this.#id = undefined
    }
  }
}

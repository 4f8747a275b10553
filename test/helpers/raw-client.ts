import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'

/** A client that is nothing but a socket: it reads when it is told to, and shows every byte. */
export class RawClient {
  /** All that was read. */
  text = ''
  /** Whether the server has ended or reset the connection, and how. */
  ended: 'end' | 'reset' | undefined
  readonly socket: Socket
  readonly #waiting = new Set<() => void>()

  constructor (t: Test, port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setEncoding('utf8')
    this.socket.on('data', (chunk: string) => {
      this.text += chunk
      this.#check()
    })
    this.socket.on('end', () => { this.#end('end') })
    this.socket.on('error', () => { this.#end('reset') })
    t.teardown(() => { this.socket.destroy() })
  }

  /** Sends a request; lines of headers may be added. */
  request (path: string, { method = 'GET', version = '1.1', headers = [] as string[], body = '' } = {}): this {
    this.socket.write([`${method} ${path} HTTP/${version}`, 'Host: test', ...headers, '', body].join('\r\n'))
    return this
  }

  /** The body so far, without head and chunk sizes. */
  get body (): string {
    const [, ...rest] = this.text.split('\r\n\r\n')
    const body = rest.join('\r\n\r\n')
    if (!/transfer-encoding: chunked/i.test(this.text)) return body
    let decoded = ''
    let left = Buffer.from(body)
    for (;;) {
      const end = left.indexOf('\r\n')
      if (end === -1) return decoded
      const size = Number.parseInt(left.subarray(0, end).toString(), 16)
      decoded += left.subarray(end + 2, end + 2 + size).toString()
      left = left.subarray(end + 2 + size + 2)
    }
  }

  /** Whether the body has its last chunk: only then is it complete. */
  get isComplete (): boolean {
    return this.text.endsWith('\r\n0\r\n\r\n') || this.text.endsWith('\r\n\r\n0\r\n\r\n')
  }

  /** Resolves once the condition holds, which is looked at whenever something has arrived. */
  async until (condition: (client: this) => boolean): Promise<void> {
    await new Promise<void>(resolve => {
      const check = (): void => {
        if (!condition(this)) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  #end (how: 'end' | 'reset'): void {
    this.ended ??= how
    this.#check()
  }

  #check (): void {
    for (const check of this.#waiting) check()
  }
}
